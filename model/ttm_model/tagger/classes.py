"""Names, texts and kinds of the tagger's sound classes; knows neither signals nor networks.

The texts are a class's keys in text space; the kinds are wider words that a question may use for it
("an animal"). Order is the order of the checkpoint's outputs: never reorder, only append.
"""

from collections.abc import Sequence
from typing import Any

from ttm_model.encoders.sound_classes import SoundClass

_KINDS: dict[str, tuple[str, ...]] = {
    "pet": ("an animal", "an animal sound", "a pet"),
    "farm": ("an animal", "an animal sound", "a farm animal"),
    "wild": ("an animal", "an animal sound", "a wild animal"),
    "bird": ("an animal", "an animal sound", "a bird"),
    "sea": ("an animal", "an animal sound", "a sea animal"),
    "insect": ("an animal", "an animal sound", "an insect"),
    "human": ("a human sound", "a person"),
    "crowd": ("a human sound", "people", "an audience"),
    "home": ("a household sound", "a noise in the house"),
    "tool": ("a tool", "work with tools"),
    "bell": ("a bell", "a ringing sound"),
    "alarm": ("an alarm", "a signal", "a warning sound"),
    "phone": ("a telephone", "a signal", "a ringing sound"),
    "vehicle": ("a vehicle", "traffic"),
    "horn": ("a horn", "a signal", "a vehicle"),
    "blast": ("a bang", "a loud noise"),
    "weather": ("the weather", "a sound of nature"),
    "water": ("water", "a sound of nature"),
    "fire": ("fire", "a sound of nature"),
    "machine": ("a machine", "an engine"),
    "keys": ("music", "a musical instrument", "a keyboard instrument"),
    "string": ("music", "a musical instrument", "a string instrument"),
    "brass": ("music", "a musical instrument", "a brass instrument", "a wind instrument"),
    "wind": ("music", "a musical instrument", "a wind instrument"),
    "drum": ("music", "a musical instrument", "percussion", "a drum"),
    "percussion": ("music", "a musical instrument", "percussion"),
    "tone": ("an electronic sound", "a signal"),
    "voice": ("a human voice", "a human sound"),
    "music": ("music",),
    "other": (),
}

_TABLE = """
dog bark | pet | a dog barking; barking; a dog; a puppy yapping; woof
cat meow | pet | a cat meowing; meowing; a cat; a kitten; a cat's cry
rooster | farm | a rooster crowing; a cock crowing; a cockerel; cock-a-doodle-doo
hen | farm | a hen clucking; a chicken; chickens clucking; a clucking hen
cow moo | farm | a cow mooing; mooing; a cow; cattle; a bull
sheep bleat | farm | a sheep bleating; a sheep; a lamb; baa; bleating
goat | farm | a goat bleating; a goat; the bleat of a goat
horse neigh | farm | a horse neighing; a horse whinnying; a horse; neighing
horse gallop | farm | a horse galloping; hooves; hoofbeats; a trotting horse
donkey | farm | a donkey braying; a donkey; braying; hee-haw
pig grunt | farm | a pig grunting; a pig; oinking; a squealing pig; a wild boar
duck quack | bird | a duck quacking; quacking; a duck; ducks
goose | bird | a goose honking; a goose; geese; the honking of geese
turkey | bird | a turkey gobbling; a turkey; gobble gobble
crow | bird | a crow cawing; a crow; a raven; cawing
owl | bird | an owl hooting; an owl; hooting
bird song | bird | a bird singing; birds chirping; chirping; birdsong; tweeting; a songbird
cuckoo | bird | a cuckoo calling; a cuckoo; a cuckoo clock
seagull | bird | a seagull crying; a seagull; gulls; seagulls
penguin | bird | a penguin; a penguin's call; penguins
frog | wild | a frog croaking; a frog; croaking; frogs; a toad
crickets | insect | a cricket; crickets chirping; cicadas; a grasshopper
buzzing insect | insect | a bee buzzing; a bee; a mosquito; a fly buzzing; a wasp; a hornet
lion roar | wild | a lion roaring; a lion; a tiger; a roar; a big cat
bear growl | wild | a bear growling; a bear
wolf howl | wild | a wolf howling; a wolf; howling; a coyote; a howling dog
dog growl | pet | a dog growling; growling; a snarling dog; an angry dog
elephant | wild | an elephant trumpeting; an elephant
monkey | wild | a monkey screaming; a monkey; an ape; a chimpanzee; a gorilla
sea lion | sea | a sea lion barking; a sea lion; a seal
whale song | sea | a whale singing; a whale; an orca
dolphin | sea | a dolphin clicking; a dolphin
mouse squeak | wild | a mouse squeaking; a mouse; a rat; squeaking
deer call | wild | a deer; a stag roaring; a moose; a caribou
hiss | wild | a hiss; hissing; a snake hissing; a snake
laughter | human | laughter; someone laughing; a laugh; giggling
scream | human | a scream; someone screaming; a shriek; a cry of pain
cough | human | a cough; someone coughing; coughing
sneeze | human | a sneeze; someone sneezing; sneezing; achoo
baby crying | human | a baby crying; a crying baby; an infant; a child crying
snoring | human | snoring; someone snoring; a snore
slurping | human | slurping; someone drinking; a slurp; sipping
burp | human | a burp; someone burping; a belch
applause | crowd | applause; clapping; people clapping; an audience applauding
crowd | crowd | a crowd; cheering; people cheering; chatter; a busy place full of people
footsteps | human | footsteps; someone walking; steps; walking; running feet
hand clap | human | a hand clap; a clap; a single clap of hands
finger snap | human | a finger snap; someone snapping their fingers; a snap
door | home | a door closing; a door opening; a door; a door slam; the door shut
creak | home | a creak; a creaking door; creaking; a squeaking hinge
doorbell | bell | a doorbell; the doorbell ringing; ding-dong; someone at the door
knocking | home | knocking; a knock at the door; someone knocking; a door knock
glass breaking | home | glass breaking; breaking glass; a window smashing; something shattering
glass clink | home | glasses clinking; a glass; a clink; a glass being struck
vacuum cleaner | home | a vacuum cleaner; a hoover; vacuuming
washing machine | home | a washing machine; the laundry; a washer running
toilet flush | home | a toilet flushing; a toilet; a flush
shower | home | a shower; the shower running; someone showering
kettle | home | a kettle; a kettle whistling; boiling water; a teapot
saw | tool | a saw; sawing; someone sawing wood; a hand saw
power saw | tool | a power saw; a chainsaw; a circular saw; a buzz saw
hammer | tool | a hammer; hammering; someone hammering; an anvil; a blacksmith
chopping wood | tool | chopping wood; an axe; someone chopping; woodcutting
falling tree | tool | a tree falling; a falling tree; timber
scissors | tool | scissors; cutting with scissors; snipping; a haircut
camera shutter | home | a camera shutter; a camera click; someone taking a photo; a camera
typing | home | typing; a keyboard; someone typing; a typewriter; keys clicking
sewing machine | machine | a sewing machine; sewing
printer | machine | a printer; printing; a 3D printer
cash register | home | a cash register; a till; a cash till; ka-ching
coins | home | coins; money jingling; coins clinking; change dropped on a table
clock ticking | home | a clock ticking; ticking; a clock; a metronome; tick-tock
church bell | bell | a church bell; a tolling bell; a big bell; a clock tower striking; chimes
small bell | bell | a bell; a small bell; a hand bell; a ringing bell; a ding; a ship's bell
gong | bell | a gong; a gong being struck; a temple gong
wind chimes | bell | wind chimes; chimes in the wind; a wind chime
telephone ring | phone | a telephone ringing; a phone ringing; the phone; a ringtone; a phone call
dial tone | phone | a dial tone; a busy tone; a telephone line; an engaged tone
alarm clock | alarm | an alarm clock; an alarm going off; a wake-up alarm; a timer going off
siren | alarm | a siren; a fire engine; an ambulance; a police car; a fire truck
car horn | horn | a car horn; honking; a car honking; a klaxon; beep beep
train | vehicle | a train; a train passing; a railway; a steam train; a locomotive
train whistle | horn | a train whistle; a train horn; a locomotive whistle
level crossing bell | bell | a level crossing bell; a railroad crossing; a railway crossing signal
ship horn | horn | a ship's horn; a foghorn; a boat horn; a ferry
car engine | vehicle | a car; an engine; a car driving; a car engine; a truck; a bus; a motor
tyre screech | vehicle | screeching tyres; a car skidding; a skid; squealing brakes
motorcycle | vehicle | a motorcycle; a motorbike; a scooter
helicopter | vehicle | a helicopter; a chopper; rotor blades
airplane | vehicle | an airplane; a plane; a jet; an aircraft taking off; a propeller plane
jackhammer | tool | a jackhammer; a pneumatic drill; road works
explosion | blast | an explosion; a bomb; a blast; a boom; something blowing up
gunshot | blast | a gunshot; a gun; a shot; shooting; a rifle
fireworks | blast | fireworks; a firecracker; rockets exploding; a firework
thunder | weather | thunder; a thunderclap; a thunderstorm; lightning
rain | weather | rain; raining; rainfall; raindrops; a downpour
wind | weather | wind; the wind blowing; a gust of wind; a storm; howling wind
running water | water | running water; a tap; a stream; water flowing; a faucet; pouring water
sea waves | water | waves; the sea; the ocean; surf; a beach
water drop | water | a water drop; dripping water; dripping; a drip; a leaking tap
bubbles | water | bubbles; bubbling; bubbling water; gurgling
splash | water | a splash; something falling into water; splashing; a plunge
fire crackling | fire | a fire crackling; a fire; a campfire; flames; a burning fire
electric sparks | machine | electric sparks; electricity; an electric arc; sparking
machine | machine | a machine; machinery; a factory; a motor running; industrial noise
sword clash | tool | swords clashing; a sword; metal striking metal
whistle | human | a whistle; whistling; someone whistling; a slide whistle
factory whistle | alarm | a factory whistle; a steam whistle
heartbeat | human | a heartbeat; a heart beating; a pulse
morse code | tone | morse code; a telegraph; dots and dashes
piano | keys | a piano; piano music; someone playing the piano; a grand piano
harpsichord | keys | a harpsichord; a cembalo; harpsichord music
organ | keys | an organ; a church organ; a pipe organ; organ music
accordion | keys | an accordion; a squeezebox; accordion music
harmonica | wind | a harmonica; a mouth organ; a blues harp
guitar | string | a guitar; an acoustic guitar; someone playing the guitar; guitar strumming
electric guitar | string | an electric guitar; a rock guitar; a distorted guitar
banjo | string | a banjo; banjo music
bass guitar | string | a bass guitar; a bass; a bass line
violin | string | a violin; a fiddle; someone playing the violin; violin music
cello | string | a cello; someone playing the cello; cello music
harp | string | a harp; someone playing the harp; harp music
trumpet | brass | a trumpet; a trumpet playing; a bugle; a fanfare
trombone | brass | a trombone; a trombone playing
tuba | brass | a tuba; a tuba playing; an oompah band
horn | brass | a horn; a French horn; a hunting horn; a horn call
saxophone | wind | a saxophone; a sax; someone playing the saxophone
clarinet | wind | a clarinet; someone playing the clarinet
flute | wind | a flute; someone playing the flute; flute music
oboe | wind | an oboe; someone playing the oboe
bassoon | wind | a bassoon; someone playing the bassoon
pan flute | wind | a pan flute; panpipes; pan pipes
recorder | wind | a recorder; someone playing the recorder; a wooden pipe
xylophone | percussion | a xylophone; a marimba; mallets; wooden bars
music box | percussion | a music box; a glockenspiel; a toy piano
timpani | drum | timpani; kettledrums; a kettledrum
snare drum | drum | a snare drum; a snare; a drum hit
bass drum | drum | a bass drum; a kick drum; a deep drum beat
tom drum | drum | a tom-tom; a tom drum; a floor tom; drumming
drum kit | drum | drums; a drum kit; a drummer; a drum beat; a drum loop
cymbal | percussion | a cymbal; a cymbal crash; a crash cymbal
hi-hat | percussion | a hi-hat; a closed cymbal; a hi-hat cymbal
tambourine | percussion | a tambourine; jingles; a tambourine shaking
maracas | percussion | maracas; a shaker; shaking maracas; a rattle
triangle | percussion | a triangle; a struck triangle; a triangle's ting
bongo | drum | a bongo; bongos; hand drums
tabla | drum | a tabla; tablas; Indian drums
cowbell | percussion | a cowbell; a struck cowbell
castanets | percussion | castanets; castanets clicking
bagpipe | wind | bagpipes; a bagpipe; a piper
sitar | string | a sitar; a tambura; Indian strings
steel drum | percussion | a steel drum; steel pan; a Caribbean drum
didgeridoo | wind | a didgeridoo; a didgeridoo drone
singing | voice | singing; someone singing; a singer; a choir; vocals; a singing voice
beatboxing | voice | beatboxing; someone beatboxing; vocal percussion
white noise | tone | white noise; static; a hissing noise; radio static; noise
tone | tone | a tone; a steady tone; a sine wave; a test tone; humming of a device
beep | tone | a beep; beeping; an electronic beep; a blip; a buzzer
music | music | music; a song; a melody; a tune; a band playing; an orchestra
speech | voice | speech; someone talking; a voice; a person speaking; a conversation; talking
something else | other | a sound; a noise; some other sound; an unknown sound; something audible
silence | other | silence; quiet; nothing to hear; no sound
"""


def _parse(line: str) -> SoundClass:
    name, kind, texts = (part.strip() for part in line.split("|"))
    return SoundClass(name, tuple(text.strip() for text in texts.split(";")), _KINDS[kind])


TAGGER_CLASSES: tuple[SoundClass, ...] = tuple(map(_parse, _TABLE.strip().splitlines()))
"""Classes of the tagger, in the order of its posterior columns."""


def kind_groups(classes: Sequence[SoundClass] = TAGGER_CLASSES) -> list[dict[str, Any]]:
    """One row for each kind of sound, in the form of `LabelSpace`'s groups.

    A row has the "words" of the kind, their "ranks", the indices of its "classes", and "hyponyms",
    how many things the words cover: here as many as there are classes.
    """
    members: dict[str, list[int]] = {}
    for index, sound in enumerate(classes):
        for kind in sound.kinds:
            members.setdefault(kind, []).append(index)
    return [
        {"words": [kind], "ranks": [1], "classes": found, "hyponyms": len(found)}
        for kind, found in members.items()
    ]
