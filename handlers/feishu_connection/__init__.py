"""Feishu's long connection: events without a public address, held by lark-oapi in a process of its own.

A package beside `handlers.feishu` and not inside: that process imports it, and stays small by importing little else.
https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/event-subscription-guide/long-connection-mode
"""
