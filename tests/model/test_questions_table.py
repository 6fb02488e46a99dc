"""Questions as people write them, each with what it must be understood as."""

import pytest

from question_readings import reading
from ttm_model.questions.question import Refusal, Understood
from ttm_model.questions.understand import understand

# question | KIND phrase | modality of what is asked (v, a, -) | extras
# extras: window kind:a:b, neg, order=, anchor=, target=; UNSUPPORTED names the reason's constant
GIVEN = """
did you see a dog? | PRESENCE dog | v
have you heard any music? | PRESENCE music | a
what did I show you before the cup? | BEFORE cup | v | anchor=v
what did you hear 20 seconds ago | WHAT - | a | ago:20
when did the dog bark? | WHEN dog bark | a
how many times did the bell ring? | COUNT bell | a
what was on screen at the start? | WHAT - | v | start:10
what happened between 0:30 and 1:10? | WHAT - | - | between:30:70
how long ago did you see the cat? | WHEN cat | v
was there a crow? | PRESENCE crow | -
what came after the rocket | AFTER rocket | -
what's the first thing you heard | FIRST - | a
what were you seeing while the music played | WITH music | v | anchor=a
what color was the car | COLOUR car | v
did anyone speak? | PRESENCE speech | a
did anyone talk? | PRESENCE speech | a
did someone say anything | WHAT - | s
was there music playing? | PRESENCE music | a
was there music | PRESENCE music | a
did the phone ring? | PRESENCE phone ring | a
was there a knock at the door? | PRESENCE door knock | a
did someone knock? | PRESENCE knock | a
did you hear a dog? | PRESENCE dog | a
what did you hear after the rocket appeared? | AFTER rocket | a | anchor=v
when was the last time you saw the cat? | WHEN cat | v | order=last
what was the last thing you saw? | LAST - | v
how long did the music play? | HOW_LONG music | a
how long did the music last? | HOW_LONG music | a
how many different things did you see? | UNSUPPORTED OBJECT_COUNT | -
how many dogs did you see? | UNSUPPORTED OBJECT_COUNT | -
how often did you hear the bell? | COUNT bell | a
did you see a dog in the last 30 seconds? | PRESENCE dog | v | last:30
how many times did the bell ring in the first minute? | COUNT bell | a | between:0:60
tell me when you saw the dog | WHEN dog | v
dog? | PRESENCE dog | -
any dogs? | PRESENCE dog | -
the dog — when? | WHEN dog | -
seen a cat lately? | PRESENCE cat | v | last:120
do you remember a cat | PRESENCE cat | -
could you tell me whether there was a bell | PRESENCE bell | -
waht did you see | WHAT - | v
did you se a dog | PRESENCE dog | v
what did you see befor the cup | BEFORE cup | v | anchor=v
hwo many tiems did the bell ring | COUNT bell | a
before the cup, what did I show you? | BEFORE cup | v | anchor=v
in the last minute did you hear a bell | PRESENCE bell | a | last:60
did you not see a dog? | PRESENCE dog | v | neg
was there no dog? | PRESENCE dog | - | neg
what did she say? | WHAT - | s
who was it? | WHO person | v
why did the dog bark? | UNSUPPORTED WHY | -
what colour was the fox? | COLOUR fox | v
was it loud? | UNSUPPORTED ATTRIBUTE | -
where is the dog? | WHERE dog | v
"""

PRESENCE = """
Did you ever see a red fox | PRESENCE red fox | v
DID YOU HEAR A BELL??? | PRESENCE bell | a
have you seen any cats today? | PRESENCE cat | v
have you ever heard thunder | PRESENCE thunder | a
Did I show you an umbrella? | PRESENCE umbrella | v
did I hold up a cup? | PRESENCE cup | v
did I ever hold a banana up to the camera | PRESENCE banana | v
was I holding a guitar? | PRESENCE guitar | v
did you notice a bird | PRESENCE bird | -
did you notice a siren? | PRESENCE siren | a
did you spot the airplane? | PRESENCE airplane | v
was a dog visible? | PRESENCE dog | v
was there a black and white cat in the picture? | PRESENCE black and white cat | v
was the cup on screen at any point? | PRESENCE cup | v
did a train appear? | PRESENCE train | v
did an elephant show up | PRESENCE elephant | v
were there any people? | PRESENCE person | v
was anyone there? | PRESENCE person | v
did you see anybody? | PRESENCE person | v
did you hear anyone? | PRESENCE speech | a
did you hear someone talking? | PRESENCE speech | a
did you hear people talking in the background? | PRESENCE speech | a
did somebody laugh? | PRESENCE laughter | a
did anyone clap? | PRESENCE clapping | a
did the baby cry? | PRESENCE baby cry | a
did you hear a baby crying? | PRESENCE baby cry | a
was a dog barking? | PRESENCE dog bark | a
did you hear the dog bark? | PRESENCE dog bark | a
did you hear dogs barking | PRESENCE dog bark | a
did you hear any barking? | PRESENCE bark | a
was there the sound of rain? | PRESENCE rain | a
did you hear the sound of a train? | PRESENCE train | a
was there a photo of a lighthouse? | PRESENCE lighthouse | v
did you hear a car horn? | PRESENCE car horn | a
did the door slam? | PRESENCE door slam | a
did the doorbell ring? | PRESENCE doorbell | a
did the alarm go off? | PRESENCE alarm | a
did the cat meow? | PRESENCE cat meow | a
did a rooster crow? | PRESENCE rooster crow | a
did you see a gold ring? | PRESENCE gold ring | v
was there a gold ring? | PRESENCE gold ring | -
did you see a crow? | PRESENCE crow | v
did you see a hat? | PRESENCE hat | v
did you see a bear? | PRESENCE bear | v
did you hear a bee? | PRESENCE bee | a
did you see the heart? | PRESENCE heart | v
did anyone play the guitar? | PRESENCE guitar | a
was someone playing the piano? | PRESENCE piano | a
was a violin being played? | PRESENCE violin | a
did I play you a song? | PRESENCE song | a
did i speak? | PRESENCE speech | a
you saw a dog, right? | PRESENCE dog | v
you heard a bell, didn't you? | PRESENCE bell | a
you didn't see a giraffe, did you? | PRESENCE giraffe | v | neg
didn't you hear a bell? | PRESENCE bell | a | neg
haven’t you seen a cat? | PRESENCE cat | v | neg
was there never a cat? | PRESENCE cat | - | neg
please, did you see a dog? | PRESENCE dog | v
Hi! Did you see a dog please | PRESENCE dog | v
hey, um, can you tell me if you saw a dog | PRESENCE dog | v
I was wondering if you heard any thunder | PRESENCE thunder | a
do you remember seeing a rocket? | PRESENCE rocket | v
do you recall hearing a whistle? | PRESENCE whistle | a
do you think there was a dog? | PRESENCE dog | -
has there been a knock? | PRESENCE knock | a
there was a cat, wasn't there? | PRESENCE cat | -
any music so far? | PRESENCE music | a
see any birds? | PRESENCE bird | v
heard a siren? | PRESENCE siren | a
a dog barking? | PRESENCE dog bark | a
is there a dog right now? | PRESENCE dog | - | end:10
do you see a dog? | PRESENCE dog | v | end:10
can you hear music? | PRESENCE music | a | end:10
did you see a t-shirt? | PRESENCE t-shirt | v
did you see my keys? | PRESENCE key | v
did you see my face? | PRESENCE face | v
did you see me? | PRESENCE person | v
did it rain? | PRESENCE rain | -
did you see a man with a hat | PRESENCE man with hat | v
have you been shown a teapot? | PRESENCE teapot | v
i was away for a bit. did you see a cat? | PRESENCE cat | v
"""

TIMES = """
did you see a dog 10 seconds ago? | PRESENCE dog | v | ago:10
did you see a cat about a minute ago? | PRESENCE cat | v | ago:60
what did you see half a minute ago? | WHAT - | v | ago:30
what did you see a couple of minutes ago? | WHAT - | v | ago:120
what was playing twenty-five seconds ago? | WHAT - | a | ago:25
what did you hear one and a half minutes ago | WHAT - | a | ago:90
what did you hear a minute and a half ago | WHAT - | a | ago:90
what happened ninety seconds ago? | WHAT - | - | ago:90
what was on screen about a dozen seconds ago | WHAT - | v | ago:12
what did you see 1 minute 30 seconds ago? | WHAT - | v | ago:90
what was on screen 30s ago? | WHAT - | v | ago:30
what did i show you 2 min ago | WHAT - | v | ago:120
what happened an hour ago? | WHAT - | - | ago:3600
was there a bell in the past two minutes? | PRESENCE bell | - | last:120
did the dog bark within the last half minute? | PRESENCE dog bark | a | last:30
over the last couple of minutes have you heard a siren | PRESENCE siren | a | last:120
what did you see in the last few seconds? | WHAT - | v | last:4
what have you heard recently? | WHAT - | a | last:120
what did you just hear? | WHAT - | a | end:10
what happened just now? | WHAT - | - | end:10
what did you see a moment ago? | WHAT - | v | end:10
what do you see right now? | WHAT - | v | end:10
what's on screen? | WHAT - | v | end:10
what was that noise? | WHAT - | a | end:10
what was that? | WHAT - | - | end:10
what was at the very beginning of the video? | WHAT - | - | start:10
what did you hear in the first few seconds? | WHAT - | a | start:4
what did you see when the video started? | WHAT - | v | start:10
what did you see at first? | WHAT - | v | start:10
at the end, what did you hear? | WHAT - | a | end:10
what did you see between 10 and 20 seconds? | WHAT - | v | between:10:20
what did you hear from 10s to 20s? | WHAT - | a | between:10:20
what happened 0:30-1:10 | WHAT - | - | between:30:70
did the bell ring between one minute and two minutes? | PRESENCE bell | a | between:60:120
what was visible at 0:45? | WHAT - | v | at:45
what was there at second 45? | WHAT - | - | at:45
what did you see 45 seconds in? | WHAT - | v | at:45
what did you hear at the one minute mark? | WHAT - | a | at:60
around 1:05 what was on screen? | WHAT - | v | at:65
what did you see after the first minute? | WHAT - | v | since:60
did you see a dog after 0:40? | PRESENCE dog | v | since:40
did you hear a bell before 1:30? | PRESENCE bell | a | until:90
what happened since 2:00? | WHAT - | - | since:120
did you see a cat after 0:30 and before 1:00 | PRESENCE cat | v | between:30:60
did you hear music in the second minute? | PRESENCE music | a | between:60:120
was there a cat during the first twenty seconds? | PRESENCE cat | - | between:0:20
what did you see more than a minute ago? | WHAT - | v | ago:60:inf
did you see a dog less than a minute ago? | PRESENCE dog | v | last:60
did you see a dog between one and two minutes ago? | PRESENCE dog | v | ago:60:120
did you see a dog yesterday? | UNSUPPORTED CALENDAR | -
did the bell ring at 3 pm? | UNSUPPORTED CALENDAR | -
what happened in the middle? | UNSUPPORTED CALENDAR | -
anything on screen at 0:30? | WHAT - | v | at:30
did you hear anything in the last minute? | WHAT - | a | last:60
what did you see 20 secnods ago | WHAT - | v | ago:20
when in the last two minutes did the dog bark? | WHEN dog bark | a | last:120
how long was the dog on screen in the first minute? | HOW_LONG dog | v | between:0:60
"""

OTHERS = """
what did you see? | WHAT - | v
what have you been hearing? | WHAT - | a
what all did you see | WHAT - | v
What sounds did you hear? | WHAT - | a
what objects did I show you? | WHAT - | v
what animal did you see? | WHAT animal | v
tell me everything you heard | WHAT - | a
list the things you saw | WHAT - | v
what was going on? | WHAT - | -
what's been happening? | WHAT - | -
what was playing? | WHAT - | a
did you hear anything? | WHAT - | a
was there any sound? | WHAT - | a
when did you see the red fox? | WHEN red fox | v
when was the bell rung? | WHEN bell | a
at what time did the dog appear? | WHEN dog | v
what time did you hear the siren? | WHEN siren | a
when did I show you the cup? | WHEN cup | v
when was the dog on screen? | WHEN dog | v
when was there a dog? | WHEN dog | -
when did the music start? | WHEN music | a | order=first
when did the music stop? | WHEN music | a | order=last
when did you first hear the dog? | WHEN dog | a | order=first
when did you last see the cat? | WHEN cat | v | order=last
when did the bell ring for the first time? | WHEN bell | a | order=first
last time you saw the cat? | WHEN cat | v | order=last
when was the first bark? | WHEN bark | a | order=first
how long has it been since you saw the cat? | WHEN cat | v
how many seconds ago did the bell ring? | WHEN bell | a
do you know when the phone rang? | WHEN phone ring | a
when did someone knock at the door? | WHEN door knock | a
when did anyone say something? | WHEN speech | a
could you please tell me when the dog barked? | WHEN dog bark | a
what was the first thing I showed you? | FIRST - | v
what did you see first? | FIRST - | v
which sound did you hear first? | FIRST - | a
the first thing you heard? | FIRST - | a
what was the very first sound? | FIRST - | a
what was the first animal you saw? | FIRST animal | v
what came first? | FIRST - | -
what did you hear last? | LAST - | a
what is the last object you saw? | LAST - | v
what did I show you most recently? | LAST - | v
what was the most recent sound? | LAST - | a
last thing you heard | LAST - | a
what was the latest thing I held up | LAST - | v
what did you last see? | LAST - | v
how many times did you see the dog? | COUNT dog | v
how many times did you hear a dog bark? | COUNT dog bark | a
how many barks did you hear? | COUNT bark | a
how many knocks were there? | COUNT knock | a
how often was the cup shown? | COUNT cup | v
how many times has the phone rung? | COUNT phone ring | a
tell me how many times the bell rang | COUNT bell | a
did the bell ring more than once? | COUNT bell | a
how many times was there a knock at the door? | COUNT door knock | a
number of times the dog barked? | COUNT dog bark | a
the bell, how many times? | COUNT bell | -
how long was the dog visible? | HOW_LONG dog | v
for how long did you hear the siren? | HOW_LONG siren | a
how long did you see the cat for? | HOW_LONG cat | v
how long did the dog stay on screen? | HOW_LONG dog | v
how long did the dog bark? | HOW_LONG dog bark | a
how many seconds of music did you hear? | HOW_LONG music | a
how long was the music playing? | HOW_LONG music | a
how long did someone speak? | HOW_LONG speech | a
what did you hear before the bell? | BEFORE bell | a
what did you see right before the dog barked? | BEFORE dog bark | v | anchor=a
what preceded the rocket? | BEFORE rocket | -
what was shown just before the cup? | BEFORE cup | v | anchor=v
what happened before the bell rang? | BEFORE bell | - | anchor=a
what was the last thing you saw before the cup? | BEFORE cup | v | anchor=v
what did you hear prior to the siren? | BEFORE siren | a | anchor=a
what followed the rocket? | AFTER rocket | -
what came next after the cup? | AFTER cup | -
what did you see after you heard the bell? | AFTER bell | v | anchor=a
after the dog barked what did you see | AFTER dog bark | v | anchor=a
what happened a few seconds after the bell rang? | AFTER bell | - | anchor=a
what did I show you immediately after the red fox? | AFTER red fox | v | anchor=v
what have you seen since the bell rang? | AFTER bell | v | anchor=a
did you see a dog before the cup? | BEFORE cup | v | anchor=v | target=dog
what did you see during the music? | WITH music | v | anchor=a
what did you hear while the dog was on screen? | WITH dog | a | anchor=v
what did you hear when you saw the dog? | WITH dog | a | anchor=v
when the bell rang, what did you see? | WITH bell | v | anchor=a
what was on screen when the dog barked? | WITH dog bark | v | anchor=a
what sound came with the rocket? | WITH rocket | a
what sound did the dog make? | WITH dog | a
what did you see at the same time as the bell? | WITH bell | v | anchor=v
did you hear music while you saw the dog? | WITH dog | a | anchor=v | target=music
what did you see 10 seconds after the bell? | OFFSET bell | v | offset=10
what did you see before that? | UNSUPPORTED REFERENCE | -
did you see a dog and a cat? | UNSUPPORTED TWO_THINGS | -
did you see a dog or a cat? | UNSUPPORTED TWO_THINGS | -
which came first, the dog or the cat? | COMPARE dog | - | order=first | other=cat
what was the second thing you saw? | ORDINAL - | v | number=2
what were the last three things you saw? | UNSUPPORTED ORDINAL | -
what was the dog doing? | UNSUPPORTED ACTION | -
what will happen next? | UNSUPPORTED FUTURE | -
tell me when you see a dog | UNSUPPORTED FUTURE | -
are you going to see a dog? | UNSUPPORTED FUTURE | -
what do you think of the dog? | UNSUPPORTED OPINION | -
did you like the music? | UNSUPPORTED OPINION | -
what kind of music was it? | UNSUPPORTED ATTRIBUTE | -
what song was playing? | UNSUPPORTED IDENTITY | -
was the car red? | PRESENCE red car | v
how big was the dog? | UNSUPPORTED ATTRIBUTE | -
how loud was the music? | UNSUPPORTED ATTRIBUTE | -
what did the sign say? | WHAT - | t
did anyone say hello? | PRESENCE hello | s
who was speaking? | WHO - | s
what is my name? | UNSUPPORTED IDENTITY | -
where did you see the dog? | WHERE dog | v
how did the dog get in? | UNSUPPORTED WHY | -
what did you see other than the dog? | BESIDES dog | v
how are you? | UNSUPPORTED NOT_A_QUESTION | -
hello there | UNSUPPORTED NOT_A_QUESTION | -
thanks! | UNSUPPORTED NOT_A_QUESTION | -
asdf qwrt zxcv | UNSUPPORTED NOT_A_QUESTION | -
my name is Bob | UNSUPPORTED NOT_A_QUESTION | -
??? | UNSUPPORTED NOT_A_QUESTION | -
Did you see a dog? When? | WHEN dog | v
"""

# Batches written only after the parser was done, kept with those it first got wrong.
FRESH_1 = """
Did a helicopter fly past at some point? | PRESENCE helicopter | v
was there ever a time when the phone rang? | PRESENCE phone ring | a
Could you check if a smoke alarm went off in the last 2 min | PRESENCE smoke alarm | a | last:120
I showed you a teddy bear, didn't I? | PRESENCE teddy bear | v
have you caught sight of a squirrel? | PRESENCE squirrel | v
did my cat walk by | PRESENCE cat | v
anybody at the door? | PRESENCE person at door | -
did anything make a noise in the last 20 seconds | WHAT - | a | last:20
hear that whistle? | PRESENCE whistle | a
was a piano playing when I showed you the cup? | WITH cup | a | anchor=v | target=piano
Has the baby been crying? | PRESENCE baby cry | a
did you happen to hear the kettle whistle | PRESENCE kettle whistle | a
did somebody shout? | PRESENCE shout | a
were there footsteps? | PRESENCE footstep | a
did you pick up any birdsong? | PRESENCE birdsong | a
was a sheep in the picture around 0:20? | PRESENCE sheep | v | at:20
there was no thunder, was there? | PRESENCE thunder | a | neg
Is somebody speaking now? | PRESENCE speech | a | end:10
any sign of the dog? | PRESENCE dog | -
did the microphone pick up a siren? | PRESENCE siren | a
what was the camera showing a minute ago? | WHAT - | v | ago:60
so what exactly happened at 1:15? | WHAT - | - | at:75
what was being shown forty seconds into the video? | WHAT - | v | at:40
what could be heard at the end? | WHAT - | a | end:10
tell me what was visible between second 5 and second 15 | WHAT - | v | between:5:15
What was I holding 15 seconds ago? | WHAT - | v | ago:15
what noises have there been in the past five minutes? | WHAT - | a | last:300
what have I shown you so far | WHAT - | v
whats the last sound u heard | LAST - | a
remind me what I showed you first | FIRST - | v
what did you hear first of all? | FIRST - | a
which object did I hold up last? | LAST - | v
what was the initial sound? | FIRST - | a
how much time has passed since you last saw the dog? | WHEN dog | v | order=last
when exactly did the glass break? | WHEN glass break | a
on which second did the bell ring | WHEN bell | a
when did you hear the dog barking for the last time? | WHEN dog bark | a | order=last
do you know how long ago the music stopped? | WHEN music | a | order=last
when was I holding the umbrella? | WHEN umbrella | v
the siren, when was it? | WHEN siren | a
When was a banana on screen? | WHEN banana | v
how many times in total has the doorbell rung? | COUNT doorbell | a
how many times did I show you the apple in the last two minutes? | COUNT apple | v | last:120
did the dog bark twice? | COUNT dog bark | a
count the beeps | COUNT beep | a
how many claps did you hear? | COUNT clapping | a
how long did that siren go on for? | HOW_LONG siren | a
for how many seconds was the rocket visible? | HOW_LONG rocket | v
how long were people talking? | HOW_LONG speech | a
what was on the screen before the music began? | BEFORE music | v | anchor=a
just before the glass broke, what could you hear? | BEFORE glass break | a | anchor=a
once the bell had rung, what did I show you? | AFTER bell | v | anchor=a
and what did you see directly after the teapot? | AFTER teapot | v | anchor=v
while the siren was sounding what was in the picture? | WITH siren | v | anchor=a
what was going on while somebody was talking? | WITH speech | - | anchor=a
can you identify the person speaking? | UNSUPPORTED IDENTITY | -
what were they talking about? | WHAT - | s
was the dog to the left of the cat? | WHERE dog | v | other=cat | side=left
do you like cats? | UNSUPPORTED OPINION | -
is the dog bigger than the cat? | UNSUPPORTED ATTRIBUTE | -
how many people were in the room? | CROWD person | v
turn on the lights | UNSUPPORTED NOT_A_QUESTION | -
what's 2 plus 2? | UNSUPPORTED OTHER | -
What's the weather like? | UNSUPPORTED ATTRIBUTE | -
"""

FRESH_2 = """
Was the fire truck ever in frame? | PRESENCE fire truck | v
did anything with wheels show up | PRESENCE anything with wheel | v
did a plane go by in the last half hour | PRESENCE plane | v | last:1800
Have I held up a book yet? | PRESENCE book | v
You haven't seen my glasses, have you? | PRESENCE glasses | v | neg
did u hear the door creak | PRESENCE door creak | a
was somebody whistling? | PRESENCE whistle | a
had there been any applause? | PRESENCE applause | a
was a child laughing? | PRESENCE child laughter | a
I'd like to know if there was a parrot on the screen | PRESENCE parrot | v
did you by any chance see an orange? | PRESENCE orange | v
did you come across a zebra? | PRESENCE zebra | -
was I on camera? | PRESENCE person | v
Did a clock tick? | PRESENCE clock tick | a
did you see any flowers at the beginning | PRESENCE flower | v | start:10
within the past 45 secs did a car honk? | PRESENCE car honk | a | last:45
since 1:20, has the dog barked? | PRESENCE dog bark | a | since:80
did you see the pumpkin up until 0:50? | PRESENCE pumpkin | v | until:50
was there some sort of bell a few seconds ago? | PRESENCE bell | - | ago:4
has anybody knocked on the door in the last five minutes? | PRESENCE door knock | a | last:300
what did we look at two and a half minutes ago? | WHAT - | v | ago:150
what did you see exactly three minutes ago | WHAT - | v | ago:180
what can you see now? | WHAT - | v | end:10
what are you hearing? | WHAT - | a | end:10
What's the noise I just heard? | WHAT - | a | end:10
what was happening on screen at 1:02:03? | WHAT - | v | at:3723
What happened during the last 90 seconds? | WHAT - | - | last:90
what did the microphone pick up between 1:00 and 1:30? | WHAT - | a | between:60:90
anything interesting in the last minute? | WHAT - | - | last:60
what did you see somewhere around the two minute mark? | WHAT - | v | at:120
which things were shown in the third minute? | WHAT - | v | between:120:180
show me what you heard | WHAT - | a
what was the earliest sound in the recording? | FIRST - | a
what did I put in front of the camera first? | FIRST - | v
what's the newest thing you've seen? | LAST - | v
could you tell me the last thing I showed you? | LAST - | v
what was the final sound | LAST - | a
When was I last on camera? | WHEN person | v | order=last
how many minutes ago was the train visible? | WHEN train | v
what moment did the whistle blow? | WHEN whistle | a
remember when I showed you the pineapple? | WHEN pineapple | v
could you say roughly when the thunder started | WHEN thunder | a | order=first
the last time the doorbell rang was when? | WHEN doorbell | a | order=last
dog barking - when did that happen? | WHEN dog bark | a
how frequently did someone cough? | COUNT cough | a
on how many occasions did you spot the squirrel? | COUNT squirrel | v
how many gunshots were there in the first two minutes? | COUNT gunshot | a | between:0:120
how many times did that cat come on screen | COUNT cat | v
did the phone ring three times? | COUNT phone ring | a
how long was i speaking for | HOW_LONG speech | a
for how long was it raining? | HOW_LONG rain | -
what did you see just prior to the explosion? | BEFORE explosion | v | anchor=a
which picture did I show you before the one of the lighthouse? | BEFORE lighthouse | v | anchor=v
what was I showing you before the phone rang? | BEFORE phone ring | v | anchor=a
following the applause, what did you hear? | AFTER applause | a | anchor=a
what appeared next, after the balloon? | AFTER balloon | v | anchor=v
what other sounds could be heard while the baby was crying? | WITH baby cry | a | anchor=a
what was I holding up as the clock chimed? | WITH clock chime | v | anchor=a
was the music good? | UNSUPPORTED ATTRIBUTE | -
what does the dog look like? | UNSUPPORTED ATTRIBUTE | -
can you play the song again? | UNSUPPORTED REPLAY | -
when will the bell ring? | UNSUPPORTED FUTURE | -
how come nobody spoke? | UNSUPPORTED WHY | -
did the cat or the dog make the noise? | UNSUPPORTED TWO_THINGS | -
are you a robot? | UNSUPPORTED NOT_A_QUESTION | -
which of my hands was I using? | UNSUPPORTED OTHER | -
"""

FRESH_3 = """
Did you see the dog again? | PRESENCE dog | v
did i wave a flag | PRESENCE flag | v
Have there been any loud noises? | PRESENCE loud noise | a
was someone at the piano | PRESENCE person at piano | -
is the kettle whistling? | PRESENCE kettle whistle | a | end:10
did the church bells ring? | PRESENCE church bell | a
did a motorcycle rev its engine | PRESENCE motorcycle rev engine | -
were any birds chirping? | PRESENCE bird chirp | a
could you hear the sea? | PRESENCE sea | a
was anything said | WHAT - | s
did we hear a gong? | PRESENCE gong | a
did you see something red? | PRESENCE red thing | v
did you catch a glimpse of a deer? | PRESENCE deer | v
did you see people dancing? | PRESENCE person dancing | v
hav you herd a bell | PRESENCE bell | a
Did yuo hear teh siren in teh last mintue? | PRESENCE siren | a | last:60
so... was there a helicopter, or not? | PRESENCE helicopter | -
I think I heard a bell. Did you? | PRESENCE bell | a
there wasn't any music, was there? | PRESENCE music | a | neg
No dogs? | PRESENCE dog | - | neg
has a bus gone past in the last 2 minutes | PRESENCE bus | v | last:120
did the lightbulb turn on? | PRESENCE lightbulb turn on | -
what were the sounds you heard in the first 10 secs? | WHAT - | a | between:0:10
Which animals have you seen? | WHAT animal | v
what's on the screen at the moment? | WHAT - | v | end:10
what did you see from the start until 0:40? | WHAT - | v | between:0:40
what did you hear up to 1:00 | WHAT - | a | until:60
what was I showing you roughly half a minute ago? | WHAT - | v | ago:30
wat happend 10 sec ago | WHAT - | - | ago:10
what'd you see at 1:30? | WHAT - | v | at:90
what could you see forty five seconds ago? | WHAT - | v | ago:45
fill me in on what happened in the last minute | WHAT - | - | last:60
what things made a sound in the last 30 seconds? | WHAT - | a | last:30
did you hear or see anything? | WHAT - | -
what was the first thing to appear? | FIRST - | v
what came up first? | FIRST - | -
which was the last animal on screen? | LAST animal | v
what was I holding last | LAST - | v
what was the last noise before now? | LAST - | a
wen did the dog bark | WHEN dog bark | a
when did the dog start barking? | WHEN dog bark | a | order=first
when did the siren go off? | WHEN siren | a
when did you stop hearing the music? | WHEN music | a | order=last
Roughly how long ago did I show you the key? | WHEN key | v
when was the most recent knock? | WHEN knock | a | order=last
how long since the last bark? | WHEN bark | a | order=last
hm, the red fox, when did I show you that? | WHEN red fox | v
how many times did someone clap between 0:20 and 0:50? | COUNT clapping | a | between:20:50
how often has there been thunder? | COUNT thunder | a
how manny times did you see the cup | COUNT cup | v
was the bell rung more than twice? | COUNT bell | a
how long did the applause go on? | HOW_LONG applause | a
how long has the music been playing | HOW_LONG music | a
how long was the umbrella in front of the camera? | HOW_LONG umbrella | v
what came just before the thunder? | BEFORE thunder | - | anchor=a
what did I show you prior to the umbrella? | BEFORE umbrella | v | anchor=v
what had you heard by the time the cat appeared? | BEFORE cat | a | anchor=v
and after the crow had gone, what did you hear? | AFTER crow | a
what was the next thing you saw after the bell? | AFTER bell | v | anchor=v
when the umbrella was on screen, what could you hear? | WITH umbrella | a | anchor=v
what was playing in the background while I held up the cup? | WITH cup | a | anchor=v
did the bell ring while the cat was visible? | WITH cat | a | anchor=v | target=bell
whose voice was it? | WHO - | s
is the cat cute? | UNSUPPORTED ATTRIBUTE | -
was it a male voice? | UNSUPPORTED ATTRIBUTE | -
which way did the car go? | UNSUPPORTED PLACE | -
can you count the people | CROWD person | v
please delete everything | UNSUPPORTED NOT_A_QUESTION | -
¿viste un perro? | UNSUPPORTED LANGUAGE | -
did the dog bark because of the cat? | UNSUPPORTED WHY | -
"""

FRESH_4 = """
Did a man walk past the camera? | PRESENCE man | v
was there ever any laughter | PRESENCE laughter | a
have you got any memory of a parrot? | PRESENCE parrot | -
did the toaster pop? | PRESENCE toaster pop | a
Was the radio on? | PRESENCE radio | -
was I wearing a scarf? | PRESENCE scarf | v
did you hear something like a drill? | PRESENCE drill | a
is the siren still going? | PRESENCE siren | a | end:10
did a goat bleat in the first half minute? | PRESENCE goat bleat | a | between:0:30
do you happen to know if the cat came by? | PRESENCE cat | -
have i been singing? | PRESENCE singing | a
was anybody coughing in the last 3 minutes | PRESENCE cough | a | last:180
the blue car, did you see it? | PRESENCE blue car | v
did I put an egg in front of you? | PRESENCE egg | v
what were we looking at around 0:50? | WHAT - | v | at:50
what did your microphone hear a quarter of a minute ago? | WHAT - | a | ago:15
what noise was there five seconds ago? | WHAT - | a | ago:5
can you list all the objects you saw between 0:10 and 0:25 | WHAT - | v | between:10:25
whats happening now | WHAT - | - | end:10
what could you see up until a minute ago? | WHAT - | v | ago:60:inf
what have I been showing you? | WHAT - | v
what did I show you to start with? | WHAT - | v | start:10
what was the opening sound? | FIRST - | a
what did you notice last of all? | LAST - | -
the most recent picture you saw? | LAST - | v
when was it that the glass broke? | WHEN glass break | a
at what moment was the zebra visible? | WHEN zebra | v
when, if ever, did you see a rabbit? | WHEN rabbit | v
When did I most recently hold up the mug? | WHEN mug | v | order=last
what's the last time I showed you the book? | WHEN book | v | order=last
how many times was the doorbell rung since 0:30? | COUNT doorbell | a | since:30
how many coughs have there been in the last minute | COUNT cough | a | last:60
on average how often does the clock tick? | COUNT clock tick | a
How long was I holding the sign up? | HOW_LONG sign | v
how long was there silence | HOW_LONG silence | a
and what preceded the laughter? | BEFORE laughter | - | anchor=a
what was I holding before I picked up the hammer? | BEFORE hammer | v | anchor=v
what's the sound that followed the thunder? | AFTER thunder | a | anchor=a
What were you looking at when the alarm went off? | WITH alarm | v | anchor=a
which picture was on screen while you heard the violin? | WITH violin | v | anchor=a
who rang the bell? | UNSUPPORTED IDENTITY | -
was the bell rung by a man? | UNSUPPORTED ATTRIBUTE | -
why was it so loud? | UNSUPPORTED WHY | -
can you tell me a joke? | UNSUPPORTED NOT_A_QUESTION | -
how old is the dog? | UNSUPPORTED ATTRIBUTE | -
"""

TABLE = (GIVEN, PRESENCE, TIMES, OTHERS, FRESH_1, FRESH_2, FRESH_3, FRESH_4)
_SENSE = {"v": "video", "a": "audio", "-": None}


def rows(block: str) -> list[str]:
    return [line for line in block.strip().splitlines() if line]


def shape(understood: Understood) -> str:
    """The compact form that the table is written in."""
    if isinstance(understood, Refusal):
        return f"UNSUPPORTED {understood.reason} | -"
    got = reading(understood)
    parts = [f"{understood.kind.upper()} {got['phrase']}", got["sense"]]
    parts += [got["window"]] if got["window"] else []
    parts += ["neg"] if got["neg"] else []
    for name in ("order", "anchor", "target", "other", "number", "offset", "side", "edge"):
        if got[name] and (name, got[name]) != ("anchor", "-"):
            parts.append(f"{name}={got[name]}")
    return " | ".join(parts)


@pytest.mark.parametrize("row", [r for b in TABLE for r in rows(b)])
def test_understands(row: str) -> None:
    text, expected = row.split(" | ", 1)
    assert shape(understand(text)) == expected


def test_table_is_large() -> None:
    texts = [r.split(" | ")[0] for b in TABLE for r in rows(b)]
    assert len(set(texts)) >= 200
    assert len(set(texts)) == len(texts)
