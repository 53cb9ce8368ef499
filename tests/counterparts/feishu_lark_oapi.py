"""Feishu's published SDK for Python as a client of the fake, in a process of its own, since it is large and never ends.

What is asked for comes on standard input, one JSON object a line, and what became of it goes to standard output.
"""

import json
import sys
import threading
from io import BytesIO
from typing import Any

import lark_oapi as lark
from lark_oapi.api.im import v1 as im
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTrigger, P2CardActionTriggerResponse


def say(said: Any) -> None:
    print(json.dumps(said), flush=True)


def call_api(app: dict[str, Any], asked: dict[str, Any]) -> None:
    client = lark.Client.builder().app_id(app["app_id"]).app_secret(app["app_secret"]).domain(app["url"]).build()
    messages = client.im.v1.message
    content = json.dumps(asked["card"])
    body = im.CreateMessageRequestBody.builder().receive_id(asked["chat"]).msg_type("interactive").content(content)
    made = messages.create(
        im.CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body.build()).build()
    )
    message = made.data.message_id
    reply = im.ReplyMessageRequestBody.builder().msg_type("text").content('{"text": "below"}').reply_in_thread(True)
    replied = messages.reply(im.ReplyMessageRequest.builder().message_id(message).request_body(reply.build()).build())
    change = im.PatchMessageRequestBody.builder().content(json.dumps(asked["changed"]))
    patched = messages.patch(im.PatchMessageRequest.builder().message_id(message).request_body(change.build()).build())
    upload = im.CreateFileRequestBody.builder().file_type("stream").file_name("digest.md").file(BytesIO(b"# Digest"))
    uploaded = client.im.v1.file.create(im.CreateFileRequest.builder().request_body(upload.build()).build())
    refused = messages.reply(im.ReplyMessageRequest.builder().message_id("om_none").request_body(reply.build()).build())
    about = client.im.v1.chat.get(im.GetChatRequest.builder().chat_id(asked["chat"]).build())
    members = client.im.v1.chat_members.get(im.GetChatMembersRequest.builder().chat_id(asked["chat"]).build())
    say(
        {
            "codes": [each.code for each in (made, replied, patched, uploaded, refused, about, members)],
            "made": json.loads(lark.JSON.marshal(made.data)),
            "replied": json.loads(lark.JSON.marshal(replied.data)),
            "file": uploaded.data.file_key,
            "log_id": bool(refused.get_log_id()),
            "about": json.loads(lark.JSON.marshal(about.data)),
            "members": json.loads(lark.JSON.marshal(members.data)),
        }
    )


def read_history(app: dict[str, Any], asked: dict[str, Any]) -> None:
    """Page by page, as long as there is more."""
    client = lark.Client.builder().app_id(app["app_id"]).app_secret(app["app_secret"]).domain(app["url"]).build()
    token: str | None = None
    while True:
        wanted = (
            im.ListMessageRequest.builder()
            .container_id_type("chat")
            .container_id(asked["chat"])
            .start_time(asked["since"])
            .end_time(asked["until"])
            .sort_type(asked["order"])
            .page_size(asked["size"])
            .card_msg_content_type("user_card_content")
        )
        listed = client.im.v1.message.list((wanted.page_token(token) if token else wanted).build())
        say({"code": listed.code, "msg": listed.msg, "page": json.loads(lark.JSON.marshal(listed.data) or "null")})
        token = listed.data.page_token if listed.data and listed.data.has_more else None
        if not token:
            return


def stay_connected(app: dict[str, Any]) -> None:
    def clicked(event: P2CardActionTrigger) -> P2CardActionTriggerResponse:
        say({"kind": "click", "event": json.loads(lark.JSON.marshal(event))})
        return P2CardActionTriggerResponse(app["answer"])

    def told(event: Any) -> None:
        say({"kind": "message", "event": json.loads(lark.JSON.marshal(event))})

    handler = (
        lark.EventDispatcherHandler.builder("", "")
        .register_p2_im_message_receive_v1(told)
        .register_p2_card_action_trigger(clicked)
        .build()
    )
    client = lark.ws.Client(
        app["app_id"], app["app_secret"], event_handler=handler, domain=app["url"], log_level=lark.LogLevel.ERROR
    )
    threading.Thread(target=client.start, daemon=True).start()


def register(app: dict[str, Any]) -> None:
    made = lark.register_app(
        on_qr_code=lambda code: say({"kind": "code", **code}),
        on_status_change=lambda status: say({"kind": "status", **status}),
        domain=app["url"],
        lark_domain=app["url"],
    )
    say({"kind": "made", "app": made})


def main() -> None:
    app = json.loads(sys.stdin.readline())
    match app["mode"]:
        case "api":
            call_api(app, json.loads(sys.stdin.readline()))
        case "history":
            for line in sys.stdin:
                read_history(app, json.loads(line))
        case "long connection":
            stay_connected(app)
            sys.stdin.read()
        case "registration":
            register(app)


if __name__ == "__main__":
    main()
