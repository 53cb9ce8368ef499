"""lark-oapi as far as the long connection needs it.

`import lark_oapi` loads a module for everything in Feishu's API: 11,000 of them, in 2 to 6 seconds, into 175 MB. The
client of its long connection needs a quarter of a second and 41 MB, once two modules stand in for the package itself,
which would import the rest, and for its dispatcher of events, which we do without.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Final

_PACKAGE: Final = "lark_oapi"
_DISPATCHER: Final = "lark_oapi.event.dispatcher_handler"
_CLIENT: Final = "lark_oapi.ws.client"


def load() -> None:
    """Makes `lark_oapi.ws.client` ready to be imported: alone where that works, else with all the rest.

    Raises ImportError where neither works.
    """
    try:
        _load_alone()
    except Exception:  # noqa: BLE001 - a release may change anything; the whole package is its public interface
        _forget()
        importlib.import_module(_CLIENT)


def _load_alone() -> None:
    spec = find_spec(_PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(_PACKAGE, name=_PACKAGE)
    sys.modules[_PACKAGE] = _package(spec)
    dispatcher = ModuleType(_DISPATCHER)
    # Named in an annotation of the client, and nowhere else.
    dispatcher.EventDispatcherHandler = object  # pyright: ignore[reportAttributeAccessIssue]
    sys.modules[_DISPATCHER] = dispatcher
    importlib.import_module(_CLIENT)


def _package(spec: ModuleSpec) -> ModuleType:
    package = ModuleType(_PACKAGE)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations or ())
    return package


def _forget() -> None:
    for name in [name for name in sys.modules if name == _PACKAGE or name.startswith(f"{_PACKAGE}.")]:
        del sys.modules[name]
