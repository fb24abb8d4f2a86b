"""People for the demo school: names from many places, and a few that break careless pages."""

GIVEN = ("Amina Basil Carmen Daichi Elena Farid Grace Hanna Ibrahim Jonas Katya Leila Mateo Nadia Oscar Priya Quentin "
         "Rosa Samir Tomás Uma Viktor Wanjiru Ximena Yusuf Zoë Aiko Bruno Chiara Dmitri Emeka Freya Goran Hugo Ines "
         "Jamal Kofi Lucía Marek Noor Olga Pedro Rania Sven Thandi Ursula Vera Wei Yara Zeynep Anders Bea Cyril Dalia "
         "Enzo Fatou Gita Henrik Isla Joon").split()
FAMILY = ("Diallo Haddad Romero Tanaka Petrova Rahimi Okafor Lindqvist Traoré Weber Morozova Nasser Silva Benali "
          "Nyström Raman Dubois Martínez Khoury Novák Krishnan Horvat Kamau Castillo Demir Janssen Sato Costa Ricci "
          "Volkov Eze Solberg Jurić Laurent Moreira Carter Mensah Vega Nowak Rahman Ivanova Alves Saleh Berg Dlamini "
          "Keller Marin Zhang Farah Yıldız Holm Stone Moreau Aziz Rossi Ba Patel Dahl Fraser Park").split()

# In every school: (given, family) pairs that must survive every page, file and signature.
DIFFICULT = [
    ("Siobhán", "O'Connor-d'Arcy"),
    ("ليلى", "الحداد"),
    ("נועה", "בן־דוד"),
    ("Robin 🌟", "Ångström"),
    ("Maria-Antonietta Wilhelmina Constanza", "von und zu Hohenlohe-Schillingsfürst de la Vega y Villanueva"),
    ("小明", "王"),
]
HOSTILE = ("<b>Bo</b>", "& Sons")       # not in the demonstration school

STAFF = [("Basil", "Haddad"), ("Ingrid", "Solberg"), ("Marcus", "Osei"), ("Helen", "Whitfield")]


def learner_names(rng, count):
    """`count` different names. Without `rng` the order is fixed and starts with Amina Diallo."""
    pairs = [(GIVEN[i % len(GIVEN)], FAMILY[(i + i // len(GIVEN) * 7) % len(FAMILY)])
             for i in range(len(GIVEN) * len(FAMILY))]
    pairs = list(dict.fromkeys(p for p in pairs if p not in STAFF))
    if rng:
        rng.shuffle(pairs)
    chosen = pairs[:3] + [HOSTILE] + DIFFICULT + pairs[3:] if rng else pairs[:9] + DIFFICULT + pairs[9:]
    extra = 1
    while len(chosen) < count:
        chosen += [(given, f"{family} {extra + 1}") for given, family in pairs]
        extra += 1
    return chosen[:count]


def staff_names(rng):
    if not rng:
        return list(STAFF)
    return [(rng.choice(GIVEN), rng.choice(FAMILY) + suffix) for suffix in ("", "-Lund", "-Ray", "-Moss")]
