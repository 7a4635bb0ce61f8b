"""`parley profiles`: whether generated dynamic profiles fit their persona and their SOP, by people's answers."""
