"""The language of a text: its n-grams, helped by common words where a text is too short for them."""

from __future__ import annotations

import re
from functools import cache

from heed.sense.text import ngrams
from heed.sense.text.lexicon import plain, words

READ_WELL = ("en", "de", "fr", "es", "it", "pt")
"""Languages the models are trained on, likeliest first where nothing else speaks."""

_BONUS = 5.0
_WORD = 4.0
_WORDS_READ = 30
_CLEAR, _CLEARLY_MORE = 3, 2
"""So many common words, and so many more than of any other language, settle it (right in 99.7 % of texts)."""

HALF_TRUST = 0.5
_SURELY = 5.0
"""Log odds against every language read well from which a text is not read at all: 0.2 % of those that could be are lost."""

_NOISE = re.compile(r"https?\S*|www\.\S+|@\w+|\[NAME\]|[#\d_]+")
_COMMON_WORDS = {
    "en": """
        about after again all am an and any are as at bad be been but by can can't could day did didn't
        do does doesn't don't for from get good got great had has have hello here hi him his how i i'm
        if in is isn't it it's its just know like love more my need never new no not now of off on one
        only or order our out over please really see service she should so some still than thank thanks
        that the their them then there they this time to today too up us very want was we were what
        when where which who why will with work would you your
    """,
    "de": """
        aber alle alles als am an auch auf aus bei bin bis bitte da danke das dass dem den der des die
        dir doch du ein eine einen einer er es euch euer fur gibt gut guten habe haben hallo hat heute
        ich ihr im immer in ist ja jetzt kann kein keine leider mal man mehr mein meine mich mir mit muss
        nach nicht noch nur oder schlecht schon sehr seit sich sie sind tag um und uns von vor wann war
        warum was wenn wer werden wie wir wird wo zu zum zur uber ware
    """,
    "fr": """
        alors apres au aussi aux avec avez bien bonjour bonsoir c'est car ce ces cette chez comme
        comment dans de des donc du elle en encore est et etait etre faire fait il ils j'ai jamais je la
        le les leur lui ma mais me merci mes moi mon ne nous on ou par pas peu plus pour pourquoi quand
        que quel qui sa sans se ses si son sont sur tout tres un une vos votre vous y
    """,
    "es": """
        al algo ahora aqui asi bien buenos como con cuando de del desde dia dias donde el ella en era es
        esa ese esta este esto estoy favor fue gracias ha hace hasta hay he hola hoy la las le les lo
        los mal mas me mi mis muy nada ni no nos nunca o para pero porque por puede que quien se ser si
        sin sobre solo son su sus tan te tengo tiene todo tu un una usted y ya yo
    """,
    "it": """
        ai al alla anche ancora bene buongiorno che chi ci ciao come con cosa cosi da dal dalla dei del
        della delle di dopo dove due e ed era gli grazie ha hai ho i il in io la le lo loro ma mai male
        mi mia mio molto ne nel nella non o oggi ogni per perche piu poi quando quello questa questo
        salve se sei sempre senza si solo sono su sul sulla tutti tutto un una vi voi vostro
    """,
    "pt": """
        a ainda ao aos as ate bem bom com como da das de dia do dos e ela ele em era esse essa esta este
        estou eu foi hoje isso ja la mais mal mas me meu meus minha muito na nada nao nas nem no nos
        nunca o obrigada obrigado ola onde os ou para pela pelo por porque pra quando que quem se sem
        ser seu so sua tambem te tem tenho tudo um uma vai vou voce voces
    """,
}
_COMMON: dict[str, tuple[str, ...]] = {}
for _code, _text in _COMMON_WORDS.items():
    for _word in _text.split():
        _COMMON[_word] = (*_COMMON.get(_word, ()), _code)


def language_of(text: str) -> tuple[str, float]:
    """The likeliest language (ISO 639-1) and how well it can be read, 0…1; "" where there are no letters.

    0 is a language whose words mean nothing to the models.
    """
    cleaned = _NOISE.sub(" ", text[:600])
    if not any(character.isalpha() for character in cleaned):
        return "", 0.4
    known = dict.fromkeys(READ_WELL, 0)
    for word in words(plain(cleaned))[:_WORDS_READ]:
        for code in _COMMON.get(word, ()):
            known[code] += 1
    second, first = sorted(known.values())[-2:]
    if first >= _CLEAR and first - second >= _CLEARLY_MORE:
        return max(known, key=lambda code: known[code]), 1.0
    model, columns = ngrams.load(), _columns()
    scores = ngrams.scores(cleaned, model)
    scores[columns] += [_BONUS + _WORD * known[code] - 0.1 * place for place, code in enumerate(READ_WELL)]
    best = scores.argmax()
    ahead = scores[best] - scores[columns].max()
    return str(model.languages[best]), 1.0 if not ahead else HALF_TRUST if ahead <= _SURELY else 0.0


@cache
def _columns() -> list[int]:
    names = ngrams.load().languages.tolist()
    return [names.index(code) for code in READ_WELL]
