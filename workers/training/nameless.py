"""The words of a language that name nothing that anybody would look for: `the`, `have`, `today`."""

from functools import cache

import wordfreq

MOST = 100  # of a language, its most frequent ones


@cache
def nameless(language: str) -> frozenset[str]:
    """These words, in small letters; dictionaries have rare meanings for them: `est` is also `east`.

    Args:
        language: as wordfreq names it: de, fr.
    """
    return frozenset(wordfreq.top_n_list(language, MOST))
