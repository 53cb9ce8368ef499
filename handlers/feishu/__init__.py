"""What Feishu sends us: messages, clicks, forms, the bot menu, and what becomes of chats."""
