"""How replies look: one formatter for each platform, `render(reply)`, pure. Formatters never import each other."""
