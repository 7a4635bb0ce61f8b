"""Teacher data: conversations of somebody who can play, ranked, sorted out and written as files to imitate."""
