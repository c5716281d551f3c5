"""What the simulated shop's customers are called and where they live: some names common, most rare, as in life."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, replace

from heed.demo import cast

FIRST: dict[str, str] = {
    "SE": "Mara Elin Nils Astrid Oskar Freja Linnea Viktor Saga Arvid Karin Lars Ebba Gustav Sofia Anders Ingrid Hugo Maja "
    "Johan Tuva Erik Signe Mikael Alva Björn Hedda Fredrik Moa Axel Annika Sixten Birgitta Love Stina Rasmus Ylva Tage Siri",
    "DE": "Jonas Lena Maximilian Greta Emil Frieda Anton Mathilda Kurt Ilse Katharina Stefan Marie Lukas Sabine Jürgen Hannah "
    "Felix Ursula Paul Leonie Matthias Charlotte Dieter Johanna Moritz Heike Oskar Birgit Ayşe Tim Gisela Henri Antje Ruben",
    "FR": "Théa Louis Camille Margaux Étienne Océane Rémi Élodie Hugo Manon Nathalie Julien Chloé Antoine Sylvie Gabriel Inès "
    "Pierre Amandine Mathis Claire Baptiste Lucie Thierry Anaïs Nicolas Juliette Karim Solène Maxime Agathe Yanis Noémie Gaël",
    "ES": "Lucía Álvaro Carmen Íñigo Nuria Mateo Begoña Iker Rocío Pablo María Javier Marta Sergio Laura Andrés Elena Diego "
    "Pilar Adrián Noelia Jorge Aitana Rubén Inmaculada Óscar Paula Gonzalo Montse Xavier Irene Unai Lorena Fermín Ainhoa",
    "IT": "Giulia Matteo Chiara Lorenzo Fiamma Niccolò Elisa Dario Bianca Pietro Francesca Alessandro Martina Davide Paola "
    "Marco Silvia Luca Federica Simone Ilaria Tommaso Caterina Riccardo Noemi Edoardo Serena Gianluca Aurora Emanuele Ludovica",
    "PT": "Inês Tiago Leonor Gonçalo Beatriz Duarte Mafalda Rui Joana Nuno Ana João Mariana Pedro Catarina Miguel Sofia André "
    "Carolina Ricardo Matilde Hugo Rita Vasco Teresa Afonso Marta Bruno Filipa Simão Raquel Martim Patrícia Telmo Benedita",
    "GB": "Amelia Rhys Imogen Callum Priya Owen Zainab Angus Nia Femi Oliver Charlotte Harry Emily Mohammed Sophie Thomas "
    "Grace Alistair Poppy Daniel Freya George Aisha Ewan Harriet Samuel Megan Kwame Beth Gareth Isla Rohan Hazel Euan Tamsin",
    "US": "Harper Mason Aaliyah Diego Savannah Tyrone Mei Caleb Naomi Jackson Emma Michael Olivia James Sofia David Abigail "
    "Ethan Jasmine Carlos Hannah Andre Madison Wyatt Grace Xavier Chloe Malik Paige Brandon Leah Hunter Kiara Trevor Lucia Dean",
    "JP": "静 葵 陽太 Haruto Yui Sora 美咲 Ren Hina Daichi Sakura 健太 Yuto 結衣 Aoi Takumi 大輔 Rin Kaito 恵子 Yuki 直樹 Mio "
    "Riku 由美 Hiroshi Nanami 翔太 Emi Shun 真由 Kenji",
}  # fmt: skip
"""First names by country, the commonest first."""

LAST = {
    "SE": "Lindqvist Bergström Nyström Åkesson Sjöberg Hallberg Öberg Wikander Andersson Johansson Karlsson Nilsson Eriksson "
    "Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson Hansson Mårtensson Isaksson Engström Blomqvist Falk",
    "DE": "Schreiber Vogelsang Lorenz Grünwald Brandt Haas Weiß Kessler Müller Schmidt Schneider Fischer Weber Wagner Becker "
    "Schulz Hoffmann Koch Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Yılmaz Vogt Sommer Jansen Ziegler",
    "FR": "Marchand-Dubois Lefèvre Garnier Chevalier Perrin Roussel Noël Fontaine Martin Bernard Petit Robert Richard Durand "
    "Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel Girard Bonnet Dupont Benali Lambert Rousseau",
    "ES": "Ibáñez Castro Serrano Peña Gallego Muñoz Ortega Vidal García Martínez López Sánchez Pérez Gómez Ruiz Hernández "
    "Jiménez Díaz Moreno Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Etxeberria Ferrer Soler",
    "IT": "Ferraro Conti De␣Luca Moretti Galli Rinaldi D’Amico Serra Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci "
    "Marino Greco Bruno Gallo Costa Giordano Mancini Rizzo Lombardi Barbieri Fontana Santoro Mariani Caruso Leone Longo",
    "PT": "Carvalho Teixeira Figueiredo Azevedo Magalhães Pinto Queirós Leitão Silva Santos Ferreira Pereira Oliveira Costa "
    "Rodrigues Martins Sousa Fernandes Gonçalves Gomes Lopes Marques Alves Almeida Ribeiro Soares Vieira Monteiro Cardoso",
    "GB": "Okafor Whitfield Llewellyn Patel MacAllister Hughes Adeyemi Thorne Smith Jones Taylor Brown Williams Wilson Johnson "
    "Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Khan Clarke Begum Morgan Campbell Stewart Ahmed",
    "US": "Ramirez Jefferson Nguyen Kowalski Freeman Bauer Castellanos Reed Smith Johnson Williams Brown Garcia Miller Davis "
    "Martinez Hernandez Lopez Anderson Thomas Moore Jackson Lee Perez Harris Washington Scott Rivera Cooper Kim Ortiz Foster",
    "JP": "佐藤 Tanaka 渡辺 Kobayashi Nakamura 山本 Mori Fujita 鈴木 Takahashi 伊藤 Yamada 吉田 Sasaki 松本 Inoue 木村 Shimizu 林 "
    "Saito 阿部 Ikeda 橋本 Ishikawa",
}  # fmt: skip
"""Surnames many have, by country, the commonest first."""

PARTS = {
    "SE": (
        "Lind Berg Sjö Ek Gran Hall Ny Ström Björk Hed Holm Sund Wall Öst Norr Dal Ros Stjern Ceder Älm",
        "qvist gren ström lund man blad stedt hage fors bäck mark dahl",
    ),
    "DE": (
        "Stein Hof Wald Berg Eich Linden Rosen Neu Ober Alten Bach Kirch Schön Wein Hirsch Birken Thal Mühl",
        "mann meier bauer berger müller feld brunn hofer stetter hammer kamp eder",
    ),
    "FR": (
        "Mont Beau Val Roche Font Champ Bel Haut Grand Clair Bon Puy Long Vieux Pré Chan Ver Mal",
        "mont fort court lieu bert ville ier din cel moulin bois val",
    ),
    "ES": (
        "Val Mont Villa Fuen Cas Torre Agui Mora Riba Sala Per Olm Zal Cer Mir Arr Ber Cal",
        "verde enegro alba nueva franca sol real seca rubio mayor tierra blanco",
    ),
    "IT": (
        "Mon Ber Mar Fer Bal Can Cas Gal Pel San Tor Ros Bor Cap Val Fal Gar Man",
        "tini delli nardi tesi setti zani goni tori ghini vini talli panelli",
    ),
    "PT": (
        "Mont Vil Carr Fer Cas Sal Mour Per Oliv Barr Cerd Nog Pinh Ram Tav Figu Sequ Valad",
        "eira eiro alho osa edo inho ães ado ar elo ares ilha",
    ),
    "GB": (
        "Ash Brad Hart Whit Wood Black Thorn Elm Stan Marl Hol Win Red Lang Cal Ald Strat Pem",
        "ley ton field ford worth well by combe wick more brook hurst",
    ),
    "US": (
        "Car Gold Silver Rosen Bern Wein Hoff Lieber Ander Fergu Stein Lind Bur Har Wal Hol Mar Ken",
        "man berg stein feld baum thal son ton dale ley gard der",
    ),
    "JP": ("山 川 木 村 森 中 高 松 竹 石 小 大 西 東 北 南 上 青", "田 山 川 本 村 原 野 井 島 沢 口 崎"),
}
"""What surnames few have are made of, by country."""

STREETS = {
    "SE": ("Storgatan", "Kungsgatan", "Skolgatan", "Björkvägen", "Ängsvägen", "Kyrkogatan", "Nygatan", "Hamngatan"),
    "DE": ("Lindenweg", "Hauptstraße", "Gartenstraße", "Schulstraße", "Bergstraße", "Am Markt", "Rosenweg", "Mühlweg"),
    "FR": ("Rue du Moulin", "Rue des Lilas", "Avenue Foch", "Rue Pasteur", "Rue de la Gare", "Quai Nord", "Rue Haute"),
    "ES": ("Calle Mayor", "Calle Real", "Avenida del Mar", "Calle del Sol", "Plaza Nueva", "Calle Luna", "Calle Norte"),
    "IT": ("Via Roma", "Via Garibaldi", "Via Verdi", "Corso Italia", "Via Dante", "Via Mazzini", "Viale Europa"),
    "PT": ("Rua Direita", "Rua das Flores", "Avenida Central", "Rua do Sol", "Rua Nova", "Rua da Igreja", "Largo Velho"),
    "GB": ("Mill Lane", "High Street", "Church Road", "Station Road", "Park Avenue", "Victoria Road", "Green Lane"),
    "US": ("Oak Street", "Maple Avenue", "Main Street", "Cedar Lane", "Lake Drive", "Hillcrest Road", "2nd Avenue"),
    "JP": ("Honmachi", "Sakuradai", "Midorigaoka", "Nakamachi", "Asahicho", "Minamicho", "Higashimachi"),
}  # fmt: skip

TWICE_EVERY = 80
"""One in so many customers has a second record without knowing it."""


@dataclass(frozen=True)
class Person:
    first: str
    last: str
    email: str
    street: str
    postcode: str
    city: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def persons(seed: int, countries: list[str]) -> list[Person]:
    """Who the customers are that live in these countries, by their number.

    They are drawn from a generator of their own, so that who somebody is changes nothing of what they feel and do. Every
    `TWICE_EVERY`th is somebody of the same country met before, who gave another e-mail address and mistyped their surname
    if it is in Latin letters.
    """
    found: list[Person] = []
    for number, country in enumerate(countries):
        chance = random.Random(f"{seed} {number}")  # noqa: S311  a simulation, no secret
        before = [one for one in range(number) if countries[one] == country and one % TWICE_EVERY != 0]
        if number and number % TWICE_EVERY == 0 and before:
            found.append(_again(chance, number, found[chance.choice(before)]))
        else:
            found.append(_person(chance, number, country))
    return found


def _person(chance: random.Random, number: int, country: str) -> Person:
    first = _common(chance, FIRST[country])
    last = _common(chance, LAST[country]) if chance.random() < _COMMON else _rare(chance, PARTS[country])
    return Person(
        first,
        last,
        f"{_plain(first)}.{_plain(last)}{number}@example.org".lstrip("."),
        f"{chance.choice(STREETS[country])} {chance.randint(1, 120)}",
        f"{chance.randrange(10_000, 99_999)}",
        cast.COUNTRIES[country][2][number % len(cast.COUNTRIES[country][2])],
    )


_COMMON = 0.35


def _again(chance: random.Random, number: int, person: Person) -> Person:
    """The same person at the same address, as they wrote it the second time."""
    last = _mistyped(chance, person.last) if _plain(person.last) else person.last
    return replace(person, last=last, email=f"{_plain(person.first)}{number}@mail.example.org")


def _mistyped(chance: random.Random, name: str) -> str:
    """Another name: without its accents, or with two letters swapped or one doubled."""
    bare = _without_accents(name)
    if bare != name:
        return bare
    place = chance.randrange(1, max(2, len(name) - 1))
    swapped = name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
    doubled = name[: place + 1] + name[place:]
    return chance.choice([each for each in (swapped, doubled) if each != name])


def _without_accents(name: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))


def _common(chance: random.Random, names: str) -> str:
    each = names.split()
    return chance.choices(each, [1 / (place + 6) for place in range(len(each))])[0].replace("␣", " ")


def _rare(chance: random.Random, parts: tuple[str, str]) -> str:
    start = chance.choice(parts[0].split())
    return start + chance.choice([end for end in parts[1].split() if end != start.lower()])


def _plain(name: str) -> str:
    """As in an address: small Latin letters only, "" of a name written otherwise."""
    text = unicodedata.normalize("NFKD", name.casefold())
    return "".join(each for each in text if "a" <= each <= "z")
