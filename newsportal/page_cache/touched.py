"""On which pages a table's rows can be seen, for writes of which nothing more particular is said (articles.caching.editions).

Every table of ours is in one of the two lists: a test sees to it. What is in neither of them is written by others.
"""

from __future__ import annotations

from articles.caching.editions import CARDS, COUNTS, LISTS, SITE

_EVERYWHERE = frozenset({SITE})

#: Table → keys that a write to it touches.
BY_TABLE: dict[str, frozenset[str]] = {
    "articles_article": frozenset({SITE, LISTS, CARDS, COUNTS}),
    "articles_rankedstory": frozenset({COUNTS}),
    "articles_sitemapmonth": frozenset({LISTS}),
    **dict.fromkeys(
        (
            "adverts_booking", "adverts_booking_sections", "adverts_sponsor",
            "articles_banner", "articles_byline", "articles_contributor", "articles_contributorlink",
            "articles_correction", "articles_frontpagestory", "articles_image", "articles_nextversion",
            "articles_previouslistslug", "articles_previousslug", "articles_relatedarticle", "articles_section", "articles_tag",
            "articles_taggedarticle",
            "comments_comment", "comments_policy",
            "newsportal_page",
        ),
        _EVERYWHERE,
    ),
}  # fmt: skip

#: Of these a row that is new is seen by nobody until something names it, which touches what it must: a newsroom uploads a picture
#: for each story, and no page is to be made anew for it.
SEEN_ONCE_NAMED = frozenset({"articles_contributor", "articles_image", "articles_tag"})

#: Tables of ours that no kept page shows. What a page that is not kept shows of them is never read from a copy of the database that
#: may lag behind (newsportal.database.replica), unless it is written together with a story.
SEEN_BY_NO_READER = frozenset({
    "articles_article_body_images",  # the text's own HTML has them
    "articles_autosave", "articles_changedfeed", "articles_dailysalt", "articles_presence", "articles_previewlink",
    "articles_pictureentry", "articles_previewopening",
    "articles_reads", "articles_searchentry", "articles_searchword", "articles_sentform", "articles_statuschange",
    "articles_text", "articles_version", "articles_visit",
    "comments_batch", "comments_commenter", "comments_decision", "comments_flag", "comments_guestnote", "comments_like",
    "comments_revision", "comments_sanction", "comments_term", "comments_wordcount",
    "newsportal_auditaddress", "newsportal_auditentry", "newsportal_edition", "newsportal_guesses",
    "newsportal_lastdone",
    "newsportal_policyreport", "newsportal_purge", "newsportal_recurring", "newsportal_staffsession", "newsportal_wellknownfile",
})  # fmt: skip
