"""Files: uploaded first, then sent as a message. Both need the scope `im:resource`."""

from bot.adapters.feishu.failures import part_of
from bot.adapters.feishu.gateway import UPLOAD, FeishuGateway
from bot.adapters.feishu.places import Place, put
from bot.core.ports import Attachment


async def send_file(gateway: FeishuGateway, place: Place, attachment: Attachment, *, uuid: str) -> str:
    """The id of the message. Raises what the gateway raises.

    Source: https://open.feishu.cn/document/server-docs/im-v1/file/create
    """
    uploaded = await gateway.call(
        UPLOAD,
        body={"file_type": "stream", "file_name": attachment.name},
        files={"file": (attachment.name, attachment.text.encode())},
    )
    return await put(gateway, place, "file", {"file_key": part_of(uploaded, "data", "file_key")}, uuid=uuid)
