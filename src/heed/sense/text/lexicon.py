"""Words by what they say to a company, in English, German, French, Spanish, Italian and Portuguese.

Each concept is the same in every language, so what a model learns about "late" in one language holds in all.
A star at the end matches any ending. Words are written without accents and in small letters, as `plain` makes
them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

CONCEPTS: dict[str, str] = {
    "good": """
        good nice fine ok okay decent solid easy smooth smoothly pleasant friendly kind helpful useful
        quick fast quickly prompt promptly reliable polite clean fair comfortable works worked recommend
        satisfied pleased glad gut gute guter gutes gutem guten nett freundlich* schnell* hilfreich*
        zuverlassig* einfach zufrieden* empfehl* reibungslos angenehm* unkompliziert punktlich*
        funktioniert bon bonne bons bien agreable* gentil* rapide* utile* fiable* facile* satisfait*
        recommande* sympa* aimable* ponctuel* efficace* bueno buena buenos buenas bien amable* rapido*
        util* fiable facil satisfech* recomiend* agradable* content* puntual* eficaz eficiente* buono
        buona buoni buone bene gentil* veloc* utile affidabil* facile soddisfatt* consigli* piacevol*
        puntual* efficient* cortes* bom boa bons boas bem simpatic* rapid* confiavel facil satisfeit*
        recomend* agradavel atencios* educad*
    """,
    "great": """
        great excellent perfect amazing awesome fantastic wonderful brilliant superb outstanding love
        loved loves best delighted happy impressed incredible flawless lovely beautiful exceptional
        stunning thrilled toll* super klasse perfekt* ausgezeichnet* hervorragend* fantastisch*
        wunderbar* liebe begeister* beste* spitze grossartig* glucklich* genial* freue freut excellent*
        parfait* genial* super formidable* fantastique* merveilleu* adore* meilleur* magnifique* ravi*
        impeccable* incroyable* heureu* top excelente* perfect* genial* fantastic* maravill* encant*
        mejor* increible* estupend* impecable* feliz ottim* perfett* fantastic* meraviglios* adoro
        eccellent* miglior* bellissim* splendid* felic* stupend* otim* perfeit* maravilh* ador* incrivel
        melhor* excelente* espetacular* impecavel feliz
    """,
    "bad": """
        bad poor slow difficult confusing annoying disappointed disappointing disappointment unhappy
        problem* issue* fail failed fails failure wrong error* missing lacking unreliable unacceptable
        mess damaged dirty complaint complain* dissatisfied unfortunately frustrating frustrated mistake
        trouble cheap noisy schlecht* langsam* enttausch* problem* fehler* falsch* leider unzufrieden*
        mangelhaft* argerlich* beschwer* unzuverlassig* kaputt* schmutzig* umstandlich* unfreundlich*
        unverschamt* frust* schade mauvais* lent lente* decu* decevant* deception probleme* erreur*
        malheureusement insatisfait* mecontent* plainte plaindre defectueu* sale compliqu* inadmissible*
        dommage mal mala malo malos malas lent* decepcion* problema* error* lamentable* insatisfech*
        queja* quejar* defectuos* suci* complicad* inaceptable* desgraciadamente equivocad* male cattiv*
        lent* delus* problem* errore errori purtroppo insoddisfatt* reclam* difettos* sporc* complicat*
        inaccettabil* sbagliat* scadent* ruim ma mau maus lent* decepcion* desapont* problema* erro
        erros infelizmente insatisfeit* reclam* defeituos* suj* complicad* inaceitavel errad* demorad*
    """,
    "awful": """
        terrible horrible awful worst disgusting pathetic useless hate hated joke ridiculous scam fraud
        disgrace disgraceful appalling dreadful nightmare atrocious shameful garbage trash rubbish crap
        sucks sucked incompetent rip-off ripoff robbery scandal outrageous disaster hopeless abysmal
        worthless shit shitty schrecklich* furchtbar* katastroph* schlimm* unmoglich* frechheit betrug*
        abzocke skandal* hasse widerlich* lacherlich* grauenhaft* horror nutzlos* unterirdisch*
        saftladen scheiss* schlechteste* terrible* horrible* affreu* nul nulle nuls pire* honteu* honte
        arnaque* scandal* deteste* catastroph* ridicule* inutile* degueulass* merde lamentable* voleurs
        escroc* terrible* horrible* pesim* peor* asco asqueros* vergonzos* verguenza estafa* timo odio
        inutil* ridicul* desastre* mierda lamentable* basura fatal ladrones terribil* orribil* pessim*
        peggior* schifo* vergogn* truffa* odio inutil* ridicol* disastr* merda scandal* terrivel
        horrivel pessim* pior* nojo nojent* vergonh* golpe odeio inutil* ridicul* desastre* merda lixo
        absurdo palhacada ladroes
    """,
    "anger": """
        angry anger furious mad outraged fed outrage livid pissed unbelievable ridiculous hate rage sick
        disrespect* insult* damn hell wtf fuck* bullshit wutend* sauer stinksauer wut frechheit
        unverschamt* zum kotzen verarsch* reicht furieu* colere enerve* scandaleu* marre ras-le-bol
        insupportable* foutage furios* enfadad* harto harta indignad* enojad* cabread* rabia indignante*
        furios* arrabbiat* incazzat* stufo stufa indignat* rabbia vergogna furios* irritad* indignad*
        revoltad* fart* raiva chatead* putos
    """,
    "sadness": """
        sad sadly upset heartbroken miss crying cried sorry disappointed depressed lonely hurt traurig*
        weine* vermisse enttausch* bedauer* deprim* triste* pleure* decu* navre* deprim* peine triste*
        llor* decepcionad* lastima pena deprim* trist* piang* delus* peccato dispiac* triste* chor*
        decepcionad* pena lament* saudade*
    """,
    "fear": """
        afraid scared worried worry fear nervous anxious terrified panic concerned unsafe angst besorgt*
        sorge sorgen furcht* nervos* panik unsicher* peur inquiet* inquiete* angoiss* craign* nerveu*
        panique miedo preocupad* preocupa temo nervios* panico asustad* paura preoccupat* preoccupa
        nervos* panico temo spaventat* medo preocupad* preocupa nervos* panico assustad*
    """,
    "joy": """
        happy glad yay joy excited love fun haha lol enjoy* smile pleased delighted hooray freu*
        glucklich* spass juhu haha lustig* heureu* content* joie youpi haha ravi* plaisir feliz alegr*
        jaja content* genial divertid* felic* gioia content* haha divert* allegr* feliz alegr* kkk* haha
        content* divertid*
    """,
    "surprise": """
        wow surprised surprise unexpected unexpectedly omg shocked suddenly really uberrasch*
        unerwartet* plotzlich krass wahnsinn surpris* surprenant* inattendu* soudain* waouh sorpresa
        sorprend* inesperad* increible guau sorpres* sorprend* inaspettat* incredibil* surpres*
        surpreend* inesperad* uau nossa
    """,
    "disgust": """
        disgusting gross nasty vomit filthy yuck ew eww smelly stinks revolting eklig* ekel* widerlich*
        stinkt kotz* schmutzig* degoutant* degout* beurk sale puant* immonde* asco asqueros* repugnant*
        suci* apesta schifo* disgust* ripugnant* puzza* nojo nojent* repugnant* fede
    """,
    "thanks": """
        thank thanks thankyou thx grateful appreciate* appreciated cheers ty danke dankeschon dank
        bedank* dankbar* merci remerci* reconnaissant* gracias agradec* agradezco grazie ringrazi* grat*
        obrigad* agradec* valeu grat*
    """,
    "confused": """
        confused confusing understand unclear unsure wondering puzzled sense verwirr* verstehe unklar*
        unsicher compris comprends confus* perdu* entiendo confus* confundid* claro capisco confus*
        capito chiaro entendo confus* entendi claro
    """,
    "late": """
        late delay* overdue belated slow yet verspat* spat uberfallig* verzoger* retard* tard tardif*
        retras* tarde tardan* demora* retraso* ritard* tardi atras* tarde demora* demorou
    """,
    "waiting": """
        wait waiting waited weeks hours ages queue hold forever days month months warte* gewartet wochen
        stunden ewig* tage monate schlange attend* attente semaines heures jours mois espera* esperando
        semanas horas dias meses aspett* attes* settimane ore giorni mesi espera* esperando semanas
        horas dias meses aguard*
    """,
    "broken": """
        broken broke damaged defective faulty crash* cracked scratched dead stopped working bug* torn
        leaking kaputt* defekt* beschadig* absturz* zerbroch* zerkratzt* gebrochen casse* abime*
        defectueu* panne endommag* marche fonctionne rot* danad* averiad* defectuos* estropead* funciona
        rott* danneggiat* difettos* guast* funziona quebrad* danificad* defeituos* avariad* estragad*
        funciona
    """,
    "refund": """
        refund* reimburse* money back compensation charged overcharged chargeback return* credit invoice
        erstatt* ruckerstatt* geld zuruck abgebucht entschadig* rechnung rembours* argent facture debit*
        dedommag* reembols* devol* dinero cobr* factura rimbors* soldi addebit* fattura reembols* devol*
        estorn* dinheiro cobr* fatura
    """,
    "cancel": """
        cancel* unsubscribe terminate close delete quit leaving kundig* storn* abbestell* loschen
        abmelden widerruf* annul* resili* desabonn* supprimer desinscri* cancel* anul* baja borrar
        desuscrib* cancell* annull* disdi* disdett* eliminare recesso cancel* anul* encerrar rescind*
        apagar
    """,
    "rude": """
        rude unhelpful arrogant disrespectful ignored ignore impolite unprofessional hung unhoflich*
        unfreundlich* arrogant* ignorier* respektlos* pampig* impoli* desagreable* arrogant* ignor*
        malpoli* irrespectu* grosero* maleducad* arrogant* ignor* antipatic* scortes* maleducat*
        arrogant* ignora* antipatic* gross* mal-educad* arrogant* ignor* grosseir* antipatic*
    """,
    "lost": """
        lost missing disappeared stolen never nowhere vanished verloren verschwund* gestohlen nie
        nirgends fehlt fehlen perdu* disparu* vole jamais manque* perdid* desaparec* robad* nunca falta
        faltan pers* scompars* rubat* mai manca mancano perdid* desaparec* roubad* nunca falta extravi*
    """,
    "again": """
        again still third second twice repeatedly already another keep keeps yet wieder immer noch schon
        dritte* zweite* mehrfach erneut encore toujours deja troisieme deuxieme fois plusieurs otra vez
        todavia tercer* segund* siempre aun ya ancora sempre terz* second* gia nuovamente novamente
        ainda terceir* segund* sempre vezes
    """,
    "negation": """
        not no never none nothing nobody cannot without hardly dont doesnt didnt isnt wasnt wont cant
        couldnt wouldnt shouldnt arent werent havent hasnt hadnt aint n't nicht kein* nie niemals nichts
        niemand ohne weder ne pas jamais rien aucun* personne sans ni no nunca nada nadie sin ni jamas
        ningun* non mai niente nulla nessun* senza ne nao nunca nada ninguem sem nem jamais nenhum*
    """,
    "but": """
        but however although though unfortunately except aber jedoch allerdings obwohl leider trotzdem
        mais cependant pourtant toutefois malgre pero aunque sino ma pero tuttavia purtroppo mas porem
        embora contudo
    """,
    "question": """
        what when where why how who which can could does do is are will was wann wo warum wie wer
        welche* kann konnen konnte wieso quand ou pourquoi comment qui quel* combien est-ce peut quoi
        que cuando donde por como quien cual cuanto puedo puede cosa quando dove perche come chi quale
        quanto posso puo que quando onde porque como quem qual quanto posso pode
    """,
    "request": """
        please need want would could help send change update bitte brauche mochte wurde konnten hilfe
        schicken andern wunsche besoin veux voudrais pourriez aide envoyer changer souhaite svp favor
        necesito quiero quisiera podria ayuda enviar cambiar gustaria favore bisogno vorrei potreste
        aiuto inviare cambiare potrei favor preciso quero gostaria poderia ajuda enviar mudar trocar
    """,
    "suggest": """
        suggest* should suggestion idea wish feature improve* feedback add would vorschlag* sollte* idee
        verbesser* wunschenswert* ware anreg* sugger* suggestion* devriez idee amelior* serait ajouter
        suger* sugerencia* deberia* idea mejor* seria anadir sugger* dovreste idea miglior* sarebbe
        aggiung* suger* sugestao deveria* ideia melhor* seria adicionar
    """,
    "urgent": """
        urgent urgently immediately asap now today emergency tomorrow dringend* sofort umgehend heute
        eilig* morgen urgent* immediat* vite aujourd'hui demain urgente* inmediat* ya hoy manana urgent*
        immediat* subito oggi domani urgente* imediat* ja hoje amanha
    """,
    "costly": """
        expensive overpriced price* pricey fee fees teuer* uberteuert* preis* gebuhr* cher chere* prix
        frais caro cara caros precio* comision* caro cara costos* prezz* commission* caro cara preco*
        taxa*
    """,
}
"""One name for each concept; the texts are word lists."""

PHRASES: dict[str, tuple[str, ...]] = {
    "no_reply": (
        r"no (?:reply|answer|response)",
        r"never (?:replied|answered|heard|called)",
        r"nobody (?:answers|replies|answered)",
        r"no ?one (?:answers|replies|answered|responds)",
        r"don.?t (?:reply|answer|respond)",
        r"keine (?:antwort|ruckmeldung)",
        r"niemand (?:antwortet|meldet)",
        r"meldet sich n",
        r"(?:pas|aucune|sans) (?:de )?reponse",
        r"personne ne repond",
        r"sin (?:respuesta|contestar)",
        r"nadie (?:responde|contesta)",
        r"nessuna risposta",
        r"nessuno risponde",
        r"sem resposta",
        r"ninguem (?:responde|atende)",
    ),
    "not_working": (
        r"(?:not|n.t|never|stopped|isnt|doesnt|wont) (?:\w+ )?work",
        r"funktioniert (?:\w+ )?nicht",
        r"(?:ne )?(?:marche|fonctionne) (?:\w+ )?(?:pas|plus)",
        r"no (?:me )?funciona",
        r"non funziona",
        r"nao (?:esta )?funciona",
    ),
    "not_good": (
        r"(?:not|n.t|never|nicht|pas|non|nao|no) (?:\w+ )?(?:good|great|happy|helpful|"
        r"recommend|satisfied|gut|zufrieden|empfehl\w*|bien|bon|satisfait|bueno|content\w*|"
        r"recomi\w*|bene|buono|soddisf\w*|consigli\w*|bom|boa|feliz|recomend\w*)",
    ),
    "never_again": (
        r"never (?:again|order|buy|fly|use|shop)",
        r"nie (?:wieder|mehr)",
        r"plus jamais",
        r"nunca mas",
        r"mai piu",
        r"nunca mais",
    ),
    "where_is": (
        r"where(?: i|.)?s? (?:is )?(?:my|the|our)",
        r"wo (?:bleibt|ist) (?:mein|die|das)",
        r"ou est (?:mon|ma)",
        r"donde esta",
        r"dov.?e",
        r"onde esta",
        r"cade ",
    ),
    "let_down": (
        r"let (?:me |us )?down",
        r"waste of (?:time|money)",
        r"rip.?off",
        r"fed up",
        r"had enough",
        r"last time",
        r"lost a customer",
        r"to court",
        r"lawyer",
    ),
    "well_done": (
        r"well done",
        r"good job",
        r"great job",
        r"keep (?:it )?up",
        r"weiter so",
        r"gut gemacht",
        r"bravo",
        r"buen trabajo",
        r"ottimo lavoro",
        r"otimo trabalho",
        r"bom trabalho",
        r"five stars",
        r"5 stars",
        r"thumbs up",
    ),
    "would_like": (
        r"would (?:be )?(?:nice|great|love|like)",
        r"it would help",
        r"ware (?:schon|toll|super)",
        r"ce serait",
        r"seria (?:bueno|genial|bom|otimo)",
        r"sarebbe (?:bello|utile)",
        r"why (?:not|don.t you)",
        r"you should",
        r"could you (?:add|offer)",
    ),
    "thanks_for_nothing": (
        r"(?:thanks?|thank you|thx|cheers)(?: you)?(?: so much| a lot| very much)? for (?:\w+ ){0,2}"
        r"(?:nothing|delay\w*|los\w+|cancel\w*|ruin\w*|wast\w*|wait\w*|ignor\w*|break\w*|br[eo]k\w*|hang\w*|"
        r"hung|charg\w*|overcharg\w*|forget\w*|making|leaving|not|no|being)",
        r"way to (?:go|ruin|lose|treat|keep|make|run)",
        r"(?:great|nice|good) (?:job|work|one|going) (?:los|ruin|mess|delay|cancel|not|with the)",
        r"danke fur (?:nichts|die verspatung)",
        r"merci pour (?:rien|le retard)",
        r"gracias por (?:nada|el retraso)",
        r"grazie (?:di|per) (?:niente|il ritardo)",
        r"obrigad[oa] por (?:nada|atras)",
    ),
    "going_elsewhere": (
        r"(?:switching|switched|moving|taking \w+ \w+|taking \w+) (?:to|elsewhere)",
        r"wechs\w+ (?:jetzt |nun )?(?:zu|den anbieter|die)",
        r"concurrence",
        r"competencia",
    ),
    "a_joke": (
        r"(?:joke|disgrace|shambles|scam|waste)\b",
        r"witz\b|lachnummer",
        r"blague|broma|scherzo|piada",
    ),
}
"""What only shows in several words, as regular expressions over `plain` text."""

_OPENERS = {
    "no_reply": """
        no never nobody noone don't dont keine niemand meldet pas aucune sans personne sin nadie nessuna
        nessuno sem ninguem
    """,
    "not_working": """
        not never stopped isnt doesnt wont doesn't isn't won't didn't funktioniert ne marche fonctionne no non
        nao can't
    """,
    "not_good": """
        not never nicht pas non nao no don't isn't wasn't can't won't wouldn't doesn't didn't aren't cannot
    """,
    "never_again": "never nie plus nunca mai",
    "where_is": "where where's wheres wo ou donde dov'e dove onde cade",
    "let_down": "let waste rip rip-off ripoff fed had last lost to lawyer",
    "well_done": "well good great keep weiter gut bravo buen ottimo otimo bom five 0 thumbs",
    "would_like": "would it ware ce seria sarebbe why you could",
    "thanks_for_nothing": "thanks thank thx cheers way great nice good danke merci gracias grazie obrigado obrigada",
    "going_elsewhere": "switching switched moving taking never last wechsle wechseln concurrence competencia",
    "a_joke": "joke disgrace shambles waste scam witz lachnummer blague broma scherzo piada",
}
OPENERS: dict[str, frozenset[str]] = {}
"""Phrases that may begin with a word, so that few texts are searched for any."""
for _name, _list in _OPENERS.items():
    for _word in _list.split():
        OPENERS[_word.replace("'", "")] = OPENERS.get(_word.replace("'", ""), frozenset()) | {_name}

_COMBINING = re.compile(r"[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_EXACT: dict[str, tuple[str, ...]] = {}
_STEMS: dict[str, tuple[str, ...]] = {}
for _concept, _words in CONCEPTS.items():
    for _word in _words.split():
        _table, _key = (_STEMS, _word[:-1]) if _word.endswith("*") else (_EXACT, _word)
        if _concept not in _table.get(_key, ()):
            _table[_key] = (*_table.get(_key, ()), _concept)
_STEM_LENGTHS = sorted({len(stem) for stem in _STEMS}, reverse=True)
_PHRASES = {name: re.compile(rf"\b(?:{'|'.join(patterns)})") for name, patterns in PHRASES.items()}


def plain(text: str) -> str:
    """Small letters without accents: "Déçu" → "decu", "Größe" → "grosse"."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return _COMBINING.sub("", unicodedata.normalize("NFKD", folded))


def words(text: str) -> list[str]:
    """The words of a `plain` text; an apostrophe or hyphen inside belongs to the word."""
    return _WORD.findall(text)


def concepts_of(word: str) -> tuple[str, ...]:
    """What a `plain` word says, () for most words; the longest matching stem decides."""
    exact = _EXACT.get(word)
    if exact is not None:
        return exact
    for length in _STEM_LENGTHS:
        if length <= len(word):
            found = _STEMS.get(word[:length])
            if found is not None:
                return found
    return ()


def phrases_in(folded: str, names: Iterable[str]) -> list[str]:
    """Those of the named phrases that occur in a `plain` text."""
    return [name for name in sorted(names) if _PHRASES[name].search(folded)]
