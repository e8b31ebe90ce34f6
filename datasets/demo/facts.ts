/**
 * Small tables of general knowledge, one per topic, from well known to obscure.
 * @module
 */

/** A relation between subjects and values, with the wording to ask for either side. */
export interface FactTable {
  /** Facet name, one of the topics. */
  readonly topic: string;
  /** What a subject is, singular: `country`. */
  readonly subject: string;
  /** What a value is, with a verb that needs only the subject: `the currency of {s}`. */
  readonly value: string;
  /** What it is for each row of a list: `currency`. */
  readonly each: string;
  /** Asks for the subject, given the value. */
  readonly reverse: string;
  /** `[subject, value]`, well known first. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** All tables, by ascending topic. */
export function factTables(): readonly FactTable[] {
  return SOURCES.map(([topic, subject, value, each, reverse, rows]) => ({
    topic,
    subject,
    value,
    each,
    reverse,
    pairs: rows.split(";").map((row) => row.trim().split("=") as [string, string]),
  }));
}

const SOURCES: readonly (readonly [string, string, string, string, string, string])[] = [
  [
    "astronomy",
    "star",
    "the constellation of the star {s}",
    "constellation",
    "Which of these stars belongs to the constellation {v}?",
    "Polaris=Ursa Minor;Sirius=Canis Major;Betelgeuse=Orion;Vega=Lyra;Antares=Scorpius;Aldebaran=Taurus;" +
    "Regulus=Leo;Spica=Virgo;Deneb=Cygnus;Altair=Aquila;Castor=Gemini;Capella=Auriga;Arcturus=Boötes;" +
    "Procyon=Canis Minor;Fomalhaut=Piscis Austrinus;Canopus=Carina;Achernar=Eridanus;Alphard=Hydra;" +
    "Mirfak=Perseus;Hamal=Aries;Alphecca=Corona Borealis;Rasalhague=Ophiuchus;Alderamin=Cepheus;" +
    "Enif=Pegasus;Cor Caroli=Canes Venatici;Markab=Pegasus;Zubeneschamali=Libra;Sadalsuud=Aquarius",
  ],
  [
    "chemistry",
    "element",
    "the chemical symbol of {s}",
    "chemical symbol",
    "Which of these elements has the symbol {v}?",
    "oxygen=O;gold=Au;iron=Fe;silver=Ag;sodium=Na;lead=Pb;copper=Cu;potassium=K;tin=Sn;mercury=Hg;" +
    "tungsten=W;antimony=Sb;platinum=Pt;manganese=Mn;magnesium=Mg;bismuth=Bi;cadmium=Cd;rhodium=Rh;" +
    "gallium=Ga;hafnium=Hf;terbium=Tb;holmium=Ho;protactinium=Pa;praseodymium=Pr;dysprosium=Dy;" +
    "lutetium=Lu;einsteinium=Es;dubnium=Db",
  ],
  [
    "cooking",
    "dish",
    "the country that {s} comes from",
    "country of origin",
    "Which of these dishes comes from {v}?",
    "sushi=Japan;paella=Spain;moussaka=Greece;tacos=Mexico;goulash=Hungary;kimchi=Korea;fondue=Switzerland;" +
    "risotto=Italy;pho=Vietnam;haggis=Scotland;ceviche=Peru;couscous=Morocco;rendang=Indonesia;" +
    "feijoada=Brazil;pad thai=Thailand;injera=Ethiopia;khachapuri=Georgia;lutefisk=Norway;bobotie=South Africa;" +
    "hákarl=Iceland;laphet=Myanmar;momos=Tibet;fufu=Ghana;mămăligă=Romania;amok=Cambodia;plov=Uzbekistan;" +
    "cepelinai=Lithuania;kolaches=Czechia",
  ],
  [
    "farming",
    "breed",
    "the kind of farm animal that the breed {s} belongs to",
    "kind of animal",
    "Which of these is a breed of {v}?",
    "Merino=sheep;Holstein=cattle;Arabian=horse;Leghorn=chicken;Angus=cattle;Shetland=pony;Suffolk=sheep;" +
    "Hereford=cattle;Berkshire=pig;Angora=goat;Pekin=duck;Clydesdale=draught horse;Jersey=dairy cow;" +
    "Duroc=pig;Saanen=goat;Toulouse=goose;Karakul=sheep;Wyandotte=chicken;Muscovy=duck;Percheron=draught horse;" +
    "Tamworth=pig;Boer=goat;Embden=goose;Ayrshire=dairy cow;Texel=sheep;Mangalica=pig;Carinthian=honey bee;" +
    "Toggenburg=goat",
  ],
  [
    "finance",
    "country",
    "the currency of {s}",
    "currency",
    "Which of these countries pays in the {v}?",
    "Japan=yen;Switzerland=franc;India=rupee;Brazil=real;Poland=złoty;Sweden=krona;South Africa=rand;" +
    "Thailand=baht;Turkey=lira;Hungary=forint;Israel=shekel;South Korea=won;Vietnam=dong;Ukraine=hryvnia;" +
    "Nigeria=naira;Romania=leu;Malaysia=ringgit;Ethiopia=birr;Mongolia=tögrög;Kazakhstan=tenge;Ghana=cedi;" +
    "Georgia=lari;Laos=kip;Myanmar=kyat;Eswatini=lilangeni;Bhutan=ngultrum;Samoa=tala;Tonga=paʻanga",
  ],
  [
    "law",
    "Latin term",
    "the meaning of the legal term {s}",
    "meaning in English",
    "Which of these legal terms means {v}?",
    "pro bono=free of charge;alibi=elsewhere;bona fide=in good faith;de facto=in fact;habeas corpus=you shall have the body;" +
    "quid pro quo=something for something;per annum=yearly;subpoena=under penalty;affidavit=he has sworn;" +
    "de jure=by law;in camera=behind closed doors;prima facie=at first sight;ex parte=from one side;" +
    "mens rea=guilty mind;actus reus=guilty act;sub judice=before the court;amicus curiae=friend of the court;" +
    "ultra vires=beyond the powers;res judicata=a matter decided;stare decisis=to stand by what was decided;" +
    "caveat emptor=let the buyer beware;locus standi=the right to be heard;nolle prosequi=unwilling to prosecute;" +
    "inter vivos=between the living;sine die=without a day set;ratio decidendi=the reason for the ruling;" +
    "lis pendens=a suit pending;usufructus=the use of the fruits",
  ],
  [
    "medicine",
    "specialist",
    "the main field of the {s}",
    "main field",
    "Which of these specialists treats {v}?",
    "dentist=the teeth;cardiologist=the heart;dermatologist=the skin;neurologist=the nerves;psychiatrist=the mind;" +
    "oncologist=cancer;ophthalmologist=the eyes;paediatrician=children;nephrologist=the kidneys;" +
    "haematologist=the blood;hepatologist=the liver;urologist=the urinary tract;endocrinologist=the hormones;" +
    "pulmonologist=the lungs;gastroenterologist=the stomach and gut;rheumatologist=the joints;" +
    "otologist=the ears;rhinologist=the nose;laryngologist=the larynx;phlebologist=the veins;" +
    "geriatrician=the old;podiatrist=the feet;allergist=allergies;neonatologist=newborns;proctologist=the rectum;" +
    "trichologist=the hair;andrologist=male fertility;myologist=the muscles",
  ],
  [
    "music",
    "work",
    "the composer of {s}",
    "composer",
    "Which of these works is by {v}?",
    "The Magic Flute=Mozart;The Four Seasons=Vivaldi;Swan Lake=Tchaikovsky;Carmen=Bizet;Aida=Verdi;Tosca=Puccini;" +
    "Messiah=Handel;Boléro=Ravel;Parsifal=Wagner;The Planets=Holst;La Mer=Debussy;Finlandia=Sibelius;" +
    "Peer Gynt=Grieg;Rhapsody in Blue=Gershwin;The Creation=Haydn;The Rite of Spring=Stravinsky;Fidelio=Beethoven;" +
    "Scheherazade=Rimsky-Korsakov;Má vlast=Smetana;Rusalka=Dvořák;Boris Godunov=Mussorgsky;Peter Grimes=Britten;" +
    "Jenůfa=Janáček;Wozzeck=Berg;Les Troyens=Berlioz;Turangalîla=Messiaen;Bluebeard's Castle=Bartók;L'Orfeo=Monteverdi",
  ],
  [
    "shipping",
    "port",
    "the country where the port of {s} lies",
    "country",
    "Which of these ports lies in {v}?",
    "Rotterdam=the Netherlands;Hamburg=Germany;Shanghai=China;Piraeus=Greece;Marseille=France;Antwerp=Belgium;" +
    "Barcelona=Spain;Genoa=Italy;Santos=Brazil;Busan=South Korea;Yokohama=Japan;Felixstowe=England;Odesa=Ukraine;" +
    "Valparaíso=Chile;Mombasa=Kenya;Durban=South Africa;Haifa=Israel;Gdańsk=Poland;Gothenburg=Sweden;" +
    "Callao=Peru;Izmir=Turkey;Colombo=Sri Lanka;Chittagong=Bangladesh;Constanța=Romania;Klaipėda=Lithuania;" +
    "Tema=Ghana;Salalah=Oman;Toamasina=Madagascar",
  ],
  [
    "sport",
    "term",
    "the sport that uses the term {s}",
    "sport",
    "Which of these terms belongs to {v}?",
    "penalty kick=football;slam dunk=basketball;birdie=golf;home run=baseball;backhand=tennis;touchdown=American football;" +
    "knockout=boxing;wicket=cricket;power play=ice hockey;butterfly stroke=swimming;scrum=rugby;" +
    "pit stop=motor racing;spinnaker=sailing;pommel horse=gymnastics;clean and jerk=weightlifting;ippon=judo;" +
    "parry riposte=fencing;peloton=cycling;hammer stone=curling;telemark landing=ski jumping;nock=archery;" +
    "triple axel=figure skating;dressage test=riding;coxless four=rowing;chukka=polo;basho=sumo;" +
    "Eskimo roll=kayaking;dyno=climbing",
  ],
];
