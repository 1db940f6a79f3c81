"""What makes a page cheap: queries compiled once, pieces of HTML made once, and names of what it shows, by which it is kept.

Of no app in particular: nothing here knows a model, and every app uses it.
"""
