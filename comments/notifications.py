def ask_to_confirm(commenter, comment):
    pass
