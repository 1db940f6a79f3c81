"""The demo newsroom: a newspaper of invented people and places, as readable text, built through the verbs of the models."""

#: What the demo newspaper is called, as variables for `.env`.
DEMO_SITE = {
    "SITE_NAME": "The Kittiwake",
    "SITE_TAGLINE": "Wings dipped in ink",
    "SITE_EMAIL": "desk@kittiwake.example",
    "SITE_LOGO": "img/kittiwake.svg",
}
