"""How the desk writes times where no template says it: FORMAT_MODULE_PATH, a folder a language."""
