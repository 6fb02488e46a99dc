"""Which file of which Debian package is a recording of which class; knows no signal, no network.

A line of `RECORDINGS` is a class, then per package the ends of the paths (shell patterns). Names in
the packages were trusted: nobody labelled these sounds again. `TAKES` names series of takes of one
source, which count as one recording when recordings are held out.
"""

from __future__ import annotations

PACKAGES: dict[str, str] = {
    "asterisk-core-sounds-en-wav": "CC-BY-SA-3.0",
    "asterisk-moh-opsound-wav": "CC-BY-SA-3.0",
    "bucklespring-data": "GPL-2+",
    "colobot-common-sounds": "GPL-3+",
    "csound-soundfont": "public domain (its General MIDI bank)",
    "deepin-sound-theme": "GPL-3",
    "fluid-soundfont-gm": "MIT",
    "freedink-data": "free licences (Free Art and others), file by file",
    "frozen-bubble-data": "GPL-2",
    "gcompris-qt-data": "GPL-3+, CC-BY and CC0, file by file",
    "hedgewars-data": "GFDL-1.3 (sounds), CC-BY-SA-3.0 (drops), GPL-2 (the rest)",
    "heroes-sound-effects": "GPL-2+",
    "lincity-ng-data": "GPL-2+ and CC-BY-SA",
    "lmms-common": "GPL-2+ and CC, file by file",
    "lomiri-sounds": "CC-BY-SA",
    "megaglest-data": "CC-BY-SA-3.0",
    "minetest-data": "CC-BY-SA-3.0 and CC0",
    "minetest-mod-homedecor": "CC-BY-SA-4.0 and CC0",
    "openttd-opensfx": "CC-BY-SA-3.0",
    "oxygen-sounds": "LGPL-3+",
    "pingus-data": "GPL-2+ and GPL-3+",
    "planetblupi-music-ogg": "GPL-3+",
    "pysiogame": "CC-BY-3.0 (sounds)",
    "scratch": "CC-BY-SA-3.0 (media)",
    "searchandrescue-data": "GPL",
    "simutrans-pak64": "Artistic-1.0",
    "sonic-pi-samples": "CC0-1.0",
    "sound-icons": "GPL-2+",
    "sound-theme-freedesktop": "GPL-2+ and CC-BY, file by file",
    "timgm6mb-soundfont": "GPL-2",
    "torcs-data": "GPL-2+ and Free Art",
    "tuxmath-data": "public domain (short sounds)",
    "tuxpaint-stamps-default": "GPL-2",
    "unknown-horizons": "GPL-2+ and CC-BY-SA-3.0",
    "warmux-data": "GPL-2+",
    "wesnoth-1.16-data": "GPL-2+",
    "widelands-data": "GPL-2+",
}
"""Packages of Debian 12 that sounds come from, with the licence their copyright file states."""

SHORT = {
    "aste": "asterisk-core-sounds-en-wav",
    "moh": "asterisk-moh-opsound-wav",
    "buckle": "bucklespring-data",
    "colobot": "colobot-common-sounds",
    "deepin": "deepin-sound-theme",
    "dink": "freedink-data",
    "frozen": "frozen-bubble-data",
    "gc": "gcompris-qt-data",
    "hedge": "hedgewars-data",
    "heroes": "heroes-sound-effects",
    "lincity": "lincity-ng-data",
    "lmms": "lmms-common",
    "lomiri": "lomiri-sounds",
    "glest": "megaglest-data",
    "mt": "minetest-data",
    "home": "minetest-mod-homedecor",
    "sfx": "openttd-opensfx",
    "oxygen": "oxygen-sounds",
    "pingus": "pingus-data",
    "blupi": "planetblupi-music-ogg",
    "pysio": "pysiogame",
    "scratch": "scratch",
    "sar": "searchandrescue-data",
    "simu": "simutrans-pak64",
    "sonic": "sonic-pi-samples",
    "icons": "sound-icons",
    "fdo": "sound-theme-freedesktop",
    "torcs": "torcs-data",
    "tuxmath": "tuxmath-data",
    "tux": "tuxpaint-stamps-default",
    "uh": "unknown-horizons",
    "warmux": "warmux-data",
    "wes": "wesnoth-1.16-data",
    "wide": "widelands-data",
}

RECORDINGS: dict[str, str] = {
    "dog bark": "tux:dogs/dog gc:animals/dog gc:LRBark_1* gc:LRBark_3* scratch:Dog1 scratch:Dog2",
    "cat meow": "gc:animals/cat scratch:Cat scratch:Kitten scratch:Meow",
    "rooster": "tux:rooster scratch:Rooster glest:autumn/sounds/rooster",
    "hen": "tux:hen gc:chickens glest:chicken/sounds/chicken_ack* glest:chicken_select* "
    "glest:chicken_standing*",
    "cow moo": "tux:cow tux:cow_white tux:bull gc:animals/cow sfx:037 glest:cow_ack* "
    "glest:cow_select* glest:mudchute_cow* wide:ox_0*",
    "sheep bleat": "tux:sheep tux:sheep_lamb tux:ram gc:animals/sheep sfx:036 "
    "glest:sheep/sounds/sheep? "
    "glest:sheep/sounds/sheep10 uh:sheepfield wide:sheep_0*",
    "goat": "tux:bovines/goat tux:mountaingoat",
    "horse neigh": "tux:equines/horse gc:animals/horse sfx:038 scratch:Horse wide:horse_0* "
    "wes:horse-hit-*",
    "horse gallop": "scratch:HorseGallop wes:horse-canter wes:horse-elf-canter",
    "donkey": "tux:donkey wide:farm/donkey",
    "pig grunt": "tux:mammals/pig gc:animals/pig glest:pig_ack* glest:pig_select* "
    "wide:animals/boar",
    "duck quack": "tux:drake tux:duck gc:animals/duck scratch:Duck wide:duck_0*",
    "goose": "tux:gander scratch:Goose",
    "turkey": "tux:birds/turkey",
    "crow": "tux:crow sonic:misc_crow",
    "owl": "tux:owl gc:owl scratch:Owl",
    "bird song": "tux:blackbird tux:lark scratch:Bird wes:birds? sfx:066 sfx:072 dink:bird1 "
    "icons:canary-long wide:bird?_0*",
    "cuckoo": "tux:cuckoo",
    "seagull": "tux:seagull simu:seagulls",
    "penguin": "tux:penguin",
    "frog": "tux:frog gc:LRFrogs* wide:animals/frog",
    "crickets": "scratch:Cricket scratch:Crickets tux:grasshopper wide:crickets?_00 wes:night",
    "buzzing insect": "tux:bee tux:hornet tux:mosquito icons:cockchafer* hedge:Sounds/bee",
    "lion roar": "tux:lion tux:tiger sfx:067",
    "bear growl": "tux:bear",
    "wolf howl": "scratch:WolfHowl wide:wolf_0* wide:coyote_0* glest:birch_forest/sounds/wolf "
    "glest:desert2/sounds/wolf",
    "dog growl": "wes:wolf-growl-*",
    "elephant": "tux:elephant glest:elephant/sounds/ele?",
    "monkey": "tux:chimp tux:gorilla sfx:068",
    "sea lion": "tux:sea_lion scratch:SeaLion",
    "whale song": "tux:whale tux:orca",
    "dolphin": "tux:dolphin",
    "mouse squeak": "tux:rodents/mouse pysio:*mouse",
    "deer call": "tux:deer/deer tux:caribou wide:stag_0* wide:moose_0*",
    "hiss": "wes:hiss wes:hiss-big wes:hiss-hit",
    "laughter": "scratch:Laugh-female scratch:Laugh-male? wes:dwarf-laugh wes:witches-laugh",
    "scream": "scratch:Scream-* dink:wscream wes:human-female-die-*",
    "cough": "scratch:Cough-*",
    "sneeze": "scratch:Sneeze-*",
    "baby crying": "scratch:BabyCry",
    "snoring": "frozen:snore",
    "slurping": "scratch:Slurp sfx:049",
    "burp": "sonic:misc_burp",
    "applause": "sfx:029 gc:LRApplauses* lmms:applause01 frozen:applause",
    "crowd": "lmms:raving_crowd01 tuxmath:cheer lincity:SportsCroud? scratch:PartyNoise "
    "uh:main_square uh:tavern wide:tavern_0* wide:inn_0* heroes:foule?",
    "footsteps": "scratch:Footsteps-? mt:default_gravel_footstep* mt:default_snow_footstep* "
    "mt:default_wood_footstep* mt:default_hard_footstep* hedge:Sounds/steps dink:stairs",
    "hand clap": "scratch:HandClap lmms:clap0?",
    "finger snap": "scratch:FingerSnap sonic:perc_snap sonic:perc_snap2",
    "door": "mt:doors_door_* mt:doors_steel_door_* scratch:DoorClose gc:door_open gc:door_close "
    "gc:LRDoor* sonic:perc_door home:homedecor_door_* sar:door_close",
    "creak": "scratch:DoorCreak",
    "doorbell": "home:homedecor_doorbell",
    "knocking": "gc:melody/resource/knock",
    "glass breaking": "mt:default_break_glass*",
    "glass clink": "tux:dishes/glass icons:glass-water*",
    "vacuum cleaner": "tux:vacuum_cleaner",
    "washing machine": "tux:Washing-machine",
    "toilet flush": "tux:toilet home:homedecor_toilet*",
    "shower": "home:homedecor_shower",
    "kettle": "tux:kettle",
    "saw": "tux:tools/saw wide:sawing_0* wide:benchsaw_0* wide:sawmill_0*",
    "power saw": "simu:buzzsaw sfx:040 sfx:056",
    "hammer": "tux:tools/hammer tux:mallet_metal uh:smith lincity:Blacksmith? sfx:039 "
    "wide:hammering_0* wide:smith_0* glest:anvil?",
    "chopping wood": "simu:tree-cutting uh:lumberjack uh:lumberjack_long wide:woodcutting "
    "wide:fast_woodcutting_0*",
    "falling tree": "sfx:054 wide:tree_falling_0*",
    "scissors": "tux:scissors_small_open tux:scissors_small_closed",
    "camera shutter": "tux:camera_35mm fdo:camera-shutter deepin:camera-shutter "
    "lomiri:camera_click hedge:shutterclick",
    "typing": "scratch:Typing frozen:typewriter buckle:*",
    "sewing machine": "scratch:SewingMachine",
    "printer": "sonic:loop_3d_printer",
    "cash register": "sonic:perc_till sfx:020 simu:cash",
    "coins": "gc:money1 gc:money2 heroes:coins dink:gold wes:sounds/gold",
    "clock ticking": "heroes:clock0? lmms:metronome0? pingus:tick hedge:minetick",
    "church bell": "scratch:BellToll uh:chapel tuxmath:towerclock",
    "small bell": "sonic:perc_bell sonic:elec_bell fdo:stereo/bell uh:ships_bell wes:sounds/bell",
    "gong": "scratch:Gong gc:LRBuddhist*",
    "wind chimes": "lomiri:Wind?chime",
    "telephone ring": "fdo:phone-incoming-call oxygen:*Phone-Ring gc:LRRing*",
    "dial tone": "fdo:phone-outgoing-*",
    "alarm clock": "fdo:alarm-clock-elapsed lomiri:Alarm?clock",
    "siren": "tux:firetruck",
    "car horn": "sfx:035 heroes:claxon",
    "train": "gc:train gc:LRTrain* lincity:RailTrain? sfx:013 simu:steam",
    "train whistle": "sfx:004 sfx:005 sfx:010",
    "level crossing bell": "sfx:014 simu:crossing",
    "ship horn": "sfx:006 sfx:007 simu:boat-horn",
    "car engine": "gc:LRStartAndStop* gc:traffic/resource/car scratch:CarPassing sfx:025 sfx:027 "
    "sfx:028 simu:sound/bus simu:truck simu:diesel torcs:206_engine torcs:corolla* "
    "torcs:porsche_engine torcs:engine-1 torcs:f360",
    "tyre screech": "torcs:skid_tyres sfx:023",
    "motorcycle": "scratch:MotorcyclePassing",
    "helicopter": "gc:helicopter sfx:024 sar:helicopter_engine_outside*",
    "airplane": "sfx:008 sfx:009 sfx:059 sfx:061 simu:planelow simu:comet-jet "
    "sar:jet_engine_outside hedge:Sounds/plane",
    "jackhammer": "sfx:033 simu:jackhammer warmux:airhammer_used",
    "explosion": "sfx:018 tuxmath:explosion lmms:explode01 heroes:explo01 mt:tnt_explode "
    "simu:explosion sonic:misc_cineboom wes:sounds/explosion warmux:explosion? "
    "hedge:Sounds/explosion",
    "gunshot": "wes:gunshot wes:thunderstick hedge:gun hedge:shotgunfire warmux:weapons/gun "
    "warmux:shotgun",
    "fireworks": "tux:fireworks",
    "thunder": "tux:lightningbolt wes:lightning sar:thunder_*",
    "rain": "gc:LRRain* glest:autumn/sounds/rain glest:desert2/sounds/rain",
    "wind": "sfx:052 glest:winter/sounds/wind",
    "running water": "scratch:WaterRunning mt:env_sounds_water* gc:core/resource/sounds/water "
    "gc:water_fill home:homedecor_faucet",
    "sea waves": "gc:harbor1 gc:harbor2",
    "water drop": "scratch:WaterDrop gc:clickgame/resource/drip hedge:Droplet?",
    "bubbles": "scratch:Bubbles gc:clickgame/resource/bubble sfx:046",
    "splash": "pingus:splash scratch:Plunge hedge:Sounds/splash sar:splash_human",
    "fire crackling": "mt:fire_fire* mt:fire_large mt:fire_small wes:campfire dink:fire",
    "electric sparks": "sfx:012",
    "machine": "gc:LRFactory* sfx:011 lincity:IndustryHigh? lincity:Mill?",
    "sword clash": "wes:sword-1 dink:sword2",
    "whistle": "pysio:*whistle* hedge:Sounds/Whistle",
    "factory whistle": "sfx:003",
    "heartbeat": "gc:LRHeart*",
    "morse code": "sfx:022",
    "piano": "gc:instruments/resource/piano sonic:ambi_piano icons:piano-3 lmms:piano0?",
    "harpsichord": "lmms:harpsichord01 icons:cembalo-*",
    "organ": "gc:instruments/resource/organ lmms:church_organ0?",
    "accordion": "gc:accordion",
    "harmonica": "gc:harmonica",
    "guitar": "gc:instruments/resource/guitar gc:guitar_melody sonic:guit_harmonics "
    "scratch:GuitarStrum scratch:GuitarChords? lmms:latin_guitar0? icons:guitar-1?",
    "electric guitar": "gc:electric_guitar sonic:guit_e_* sonic:guit_em9 lmms:steel_guitar_*",
    "banjo": "gc:banjo",
    "bass guitar": "lmms:bassslap0?",
    "violin": "tux:violin gc:violin lmms:violin_*",
    "cello": "tux:cello gc:cello lmms:cello01 icons:violoncello-7",
    "harp": "gc:harp tuxmath:harp",
    "trumpet": "gc:trumpet scratch:Trumpet? icons:trumpet-* lmms:trumpet01",
    "trombone": "gc:trombone",
    "tuba": "gc:tuba",
    "horn": "gc:instruments/resource/horn wes:horn-signals/horn-?",
    "saxophone": "gc:saxophone",
    "clarinet": "gc:clarinet",
    "flute": "gc:flute_traversiere lmms:flute01",
    "oboe": "",
    "bassoon": "tux:bassoon",
    "pan flute": "",
    "recorder": "icons:pipe",
    "xylophone": "gc:xylofon_son? scratch:Xylo? scratch:xylo4 icons:xylofon",
    "music box": "",
    "timpani": "gc:timpani",
    "snare drum": "gc:snare_drum sonic:drum_snare_* sonic:sn_* lmms:snare0? lmms:snare_acoustic01",
    "bass drum": "sonic:bd_* sonic:drum_heavy_kick lmms:kick0? lmms:bassdrum*",
    "tom drum": "tux:drum_tomtom_floor sonic:drum_tom_* lmms:tom*",
    "drum kit": "tux:drumkit gc:drum_kit scratch:DrumSet? sonic:loop_amen sonic:loop_breakbeat "
    "lmms:break0?",
    "cymbal": "tux:cymbal_crash gc:cymbal sonic:drum_cymbal_hard sonic:drum_cymbal_soft "
    "sonic:drum_splash_* scratch:CymbalCrash scratch:RideCymbal lmms:crash0? lmms:ride0?",
    "hi-hat": "sonic:drum_cymbal_closed sonic:drum_cymbal_pedal lmms:hihat_*",
    "tambourine": "gc:tambourine",
    "maracas": "gc:maracas scratch:Shaker lmms:shaker0?",
    "triangle": "gc:triangle sonic:elec_triangle",
    "bongo": "gc:bongo",
    "tabla": "sonic:tabla_* sonic:loop_tabla",
    "cowbell": "sonic:drum_cowbell",
    "castanets": "gc:castanets",
    "bagpipe": "",
    "sitar": "scratch:Tambura",
    "steel drum": "",
    "didgeridoo": "scratch:Dijjeridoo",
    "singing": "sonic:ambi_choir scratch:Singer? scratch:Hey-yay-hey scratch:Sing-me-a-song "
    "scratch:Doy-doy-doy scratch:Oooo-badada",
    "beatboxing": "scratch:BeatBox? scratch:HumanBeatbox?",
    "white noise": "sonic:vinyl_hiss",
    "tone": "fdo:audio-test-signal",
    "beep": "sonic:elec_beep sfx:021 scratch:ComputerBeeps? gc:bleep hedge:beep warmux:mine_beep",
    "music": "blupi:*.ogg moh:*.wav colobot:music/* wide:ingame_0? wide:ingame_1? uh:music/* "
    "gc:explore_world_music/* hedge:Music/* warmux:ingame/*",
    "speech": "aste:sounds/en*/*.wav tux:*_desc.ogg",
}

SOMETHING_ELSE = (
    "sonic:elec_* sonic:glitch_* sonic:bass_* sonic:ambi_dark_woosh sonic:ambi_glass_* "
    "sonic:ambi_haunted_hum sonic:ambi_lunar_land sonic:ambi_swoosh sonic:perc_swash "
    "sonic:perc_swoosh sonic:mehackit_robot* sonic:vinyl_backspin sonic:vinyl_rewind "
    "sonic:vinyl_scratch scratch:AlienCreak? scratch:DirtyWhir scratch:Laser? scratch:Peculiar "
    "scratch:Screech scratch:SpaceRipple scratch:Spiral scratch:Whoop scratch:Zoop scratch:Pop "
    "scratch:Rattle scratch:BalloonScratch wes:magic-* wes:magicmissile wes:wose-* wes:squishy-* "
    "wes:bow-* wes:crossbow-* wes:net wes:throw-? oxygen:*Window* oxygen:*Sys-App* oxygen:*Im-Sms "
    "deepin:device-* deepin:trash-empty mt:default_dig_* mt:default_dug_* mt:default_place_* "
    "lmms:undefined01 lmms:warp0? lmms:filter_sweep01 lmms:electric_ping01 heroes:menu0? "
    "heroes:power_up heroes:speedup hedge:ufo hedge:warp hedge:portal* hedge:ropeshot "
    "hedge:sinegun "
    "hedge:parachute warmux:teleport_* warmux:lowgravity warmux:grapple_* pysio:sfx_press* "
    "pysio:sfx_select* gc:LRWeird* gc:eraser* gc:brush gc:smudge torcs:gear_change1 torcs:turbo1 "
    "tuxmath:laser tuxmath:shieldsdown tux:camel/camel tux:giraffe tux:hippopotamus tux:wombat "
    "tux:koala tux:badger tux:ferret tux:xanthia tux:iguana tux:bison tux:rubberduck sfx:031 "
    "sfx:043 "
    "sfx:048"
)
"""Sounds of no class: the training and the test of "something else"."""

TAKES = r"[-_. ]?(ack|die|select|attack|hit|standing|soft|hard)?[-_. ]?\d+(_LA)?(_cut)?$"

# General MIDI program (from 0) or, where negative, the key of the drum channel: class. Rendered
# from three sound fonts of different origin, several pitches each.
GENERAL_MIDI: dict[str, tuple[int, ...]] = {
    "piano": (0, 1, 2),
    "harpsichord": (6,),
    "organ": (16, 19),
    "accordion": (21, 23),
    "harmonica": (22,),
    "guitar": (24, 25),
    "electric guitar": (27, 29, 30),
    "banjo": (105,),
    "bass guitar": (33, 34, 36),
    "violin": (40,),
    "cello": (42,),
    "harp": (46,),
    "trumpet": (56,),
    "trombone": (57,),
    "tuba": (58,),
    "horn": (60,),
    "saxophone": (65, 66),
    "clarinet": (71,),
    "flute": (73,),
    "oboe": (68,),
    "bassoon": (70,),
    "pan flute": (75,),
    "recorder": (74,),
    "xylophone": (12, 13),
    "music box": (10, 9),
    "timpani": (47,),
    "bagpipe": (109,),
    "sitar": (104,),
    "steel drum": (114,),
    "singing": (52, 53),
    "whistle": (78,),
    "church bell": (14,),
    "sea waves": (122,),
    "bird song": (123,),
    "telephone ring": (124,),
    "helicopter": (125,),
    "applause": (126,),
    "gunshot": (127,),
    "snare drum": (-38, -40),
    "bass drum": (-35, -36),
    "tom drum": (-41, -45, -48),
    "cymbal": (-49, -51, -57),
    "hi-hat": (-42, -46),
    "tambourine": (-54,),
    "maracas": (-70,),
    "triangle": (-81,),
    "bongo": (-60, -61),
    "cowbell": (-56,),
    "castanets": (-85,),
    "hand clap": (-39,),
}
FONTS = {
    "fluid-soundfont-gm": "usr/share/sounds/sf2/FluidR3_GM.sf2",
    "timgm6mb-soundfont": "usr/share/sounds/sf2/TimGM6mb.sf2",
    "csound-soundfont": "usr/share/sounds/sf2/sf_GMbank.sf2",
}
