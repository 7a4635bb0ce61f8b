"""English words of assent, agreement, refusal and reserve: patterns of a whole phrase unless it says otherwise."""

from __future__ import annotations

import re

_IT = r"(?:it|this|that|these|those|them|so)"
_FOR_ME = (
    r"(?:(?:please|then|now|today|right away|straight away|for (?:me|us)|with you|by me|with me|thanks|thank you"
    r"|at once|here|soon))"
)
_END = rf"(?: {_FOR_ME})*"
_ONE = (
    rf"(?:{_IT}|(?:the|your|that|this) (?:\w+ ){{0,2}}(?:one|package|plan|deal|offer|terms|date|option|rate|booking"
    rf"|\d+|contract))"
)

_LEAD = (
    r"(?:(?:oh|well|so|and|um|uh|er|hm+|right|now|good|great|perfect|wonderful|lovely|then|alright then"
    r"|you know what|just|please) )"
)

ASSENT = re.compile(
    r"(?:yes+|yeah+|yea|yep|yup|aye|uh huh|m+ h+m+|ok(?:ay)?|k|fine|sure thing|sure|al(?:l ?|)right|of course"
    r"|certainly|absolutely"
    r"|definitely|totally|agreed|very well|gladly|why not|by all means|with pleasure|you bet|deal|done|perfect|great"
    r"|wonderful|lovely"
    r"|good|right|happy to|fair enough|all good|go ahead|go on then|oh go on then)\b ?"
)
"""At the beginning of a phrase, again and again."""

STRONG = re.compile(
    r"(?:yes+|yeah+|yea|yep|yup|aye|sure|of course|certainly|absolutely|definitely|totally|agreed|gladly"
    r"|by all means|you bet|deal)\b"
)
"""Assent that is more than having heard."""

AGREES = re.compile(
    rf"{_LEAD}*(?:"
    rf"(?:i|we)(?: will| would like to| want to| am happy to| would be happy to) (?:take|have|buy|accept|do|get"
    rf"|choose|confirm|book|renew)"
    rf" {_ONE}|(?:i|we) (?:take|buy|choose|book) {_ONE}"
    r"|i guess that is fine|(?:the )?(?:\w+ )?one (?:please|then)|i will confirm|put (?:my name"
    r"|us) down(?: for \w+)?|tuesday it is"
    r"|(?:i|we)(?: will| would like to| want to| am going to| am happy to) (?:sign(?: up)?|join(?: in)?|subscribe"
    r"|switch|renew|pay|buy|enrol+|register)"
    rf"(?: {_IT}| up| the \w+| for {_ONE})?"
    rf"|(?:i|we) will go (?:for|with) {_ONE}|let us go (?:for|with) {_ONE}"
    rf"|(?:i|we)(?: do)? (?:agree|accept|consent|confirm)(?: (?:to |with )?{_ONE})?"
    rf"|(?:i|we) (?:would )?(?:like|love|want) (?:{_IT}|to|in)"
    r"|(?:i|we) (?:am|are) (?:in|on board|sold|signing(?: now)?)|i would be happy to"
    rf"|(?:i|we) am (?:happy|fine|ok|okay|good) with {_ONE}"
    rf"|(?:you|we) (?:may|can) (?:proceed|go ahead|do {_IT}|have {_IT}|charge (?:{_IT}|my card|the card on file)"
    rf"|book {_IT}|put me down)"
    r"|you (?:have )?(?:convinced me|got me)"
    rf"|(?:sign|set|put|book|count|enrol+|add) (?:me|us)(?: up| in| down)?(?: for {_ONE}| to {_ONE}| for \w+)?"
    rf"|(?:sign|book|set|charge|take|send|do|renew|lock|put|get)(?: {_IT}| my card| the rate)(?: up| in| through"
    rf"| down)?(?: on my card)?"
    r"|make it happen|set it up|go ahead|go for it|go on then|proceed|please do|do please|twist my arm|where do i sign(?: up)?"
    rf"|go ahead (?:and )?(?:sign|book|charge|set|put|do|order|start|renew)(?: {_ONE}| me)?(?: up| down| in)?"
    rf"|let us (?:do|book|sign|start|take) {_IT}(?: like that)?|let us (?:go(?: ahead)?|start|proceed|sign|begin"
    rf"|get started|do business)"
    r"|(?:it is |that is |you have got |you have |we have |we have got )?(?:a )?(?:done )?deal|it is settled"
    r"|consider it done|confirmed"
    r"|you have (?:my|our) (?:consent|permission|agreement|word|go ahead|blessing)"
    r"|i give (?:you )?(?:my )?(?:consent|permission)"
    rf"|(?:that|it|this) (?:works|sounds (?:good|great|fine|perfect)|is (?:fine|ok|okay|good|all right|alright"
    rf"|perfect))(?: to me| by me)?"
    r"|works for me|sounds (?:good|great|fine|perfect)(?: to me)?|whatever you (?:say|like|want)|as you (?:say|like|wish)"
    r"|no (?:problem|objections?|need to wait|further questions)|not a problem|do not see why not|i do not see why not"
    r"|here (?:it comes|you (?:go|are))|i (?:do|will|want it|suppose so|guess so|guess|suppose)|thanks(?: for .*)?"
    r"|thank you(?: for .*)?"
    r"|like that|write it down|if you say so|sorry for hesitating|you can have it|it is yours|sure thing"
    rf"){_END}"
)
"""A phrase that goes along. Alone it is a yes only if it is not of `COURTESY`."""

COURTESY = re.compile(
    r"(?:oh |well |and |then |please )*(?:oh|well|um|uh|er|look|listen|sorry|you know what|thanks?(?: for .*)?"
    r"|thank you(?: for .*)?|i guess|i suppose|please|then|like that|no problem"
    r"|whatever you (?:say|like|want)|as you (?:say|like|wish)|sorry for hesitating|here (?:it comes|you (?:go|are))"
    r"|i do|i will"
    r"|(?:that|it|this) sounds (?:good|great|fine|perfect)(?: to me)?|sounds (?:good|great|fine|perfect)(?: to me)?"
    r"|no (?:objections?|need to wait|further questions)|if you say so|sir|madam|it is yours)"
)
"""What goes along with a yes and is none by itself."""

_FIRST = """
a absolutely add agreed al all alright and as aye bet book by certainly charge confirmed consider count deal
definitely do done enrol enroll er fair fine get gladly go good great happy here hm i if it just k let like listen
lock look lovely madam make mhm mm mmm no not now of oh ok okay on one perfect please proceed put renew right send
set sign sir so someone sorry sounds sure take thank thanks that the then these this those totally tuesday twist uh
um use very we well whatever where why with wonderful works write yea yeah yeahh yep yes yess yesss you your yup
"""
BEGINS = frozenset(_FIRST.split())
"""Words that an agreeing or polite phrase begins with."""

RESERVE = re.compile(
    r"\b(?:not|cannot|never|nothing|none|nobody|neither|nor|no|hardly|without|if|unless|until|when|whenever|once"
    r"|before|after|only"
    r"|whether|would|might|maybe|perhaps|first|but|except|tomorrow|later|tonight|yet|too|refuse|depends|instead"
    r"|think|consider|call you back|listening|tell|show|read"
    r"|explain|say|speak|speaking|hear|ask|report|undecided|thinking)\b"
)
"""Anywhere in a sentence: a negation, a condition, a later day, talk; then it is no yes."""
HARMLESS = re.compile(
    r"\b(?:no (?:problem|worries|need to wait|questions|objections?|doubt|further questions)|not a problem|why not"
    r"|do not see why not|(?:as|whatever|if) you say(?: so)?|(?:i|we) would (?:like|love|be happy)|not tomorrow"
    r"|before six|consider it done|the first (?:one|package|plan|option|offer)"
    r"|do not want to miss \w+)\b"
)
"""Left out before `RESERVE` is looked for."""
ASKS_IN = re.compile(
    r"(?:and )?(?:so )?(?:where do (?:i|we) sign(?: up)?|how do (?:i|we) pay|when (?:can|do) we start"
    r"|can you sign me up)(?: \w+)?"
)
"""A question that is a yes."""
FORWARD = re.compile(r"\b(?:begin|begins|start|starts|sign|next|what else|pay|arrive|happens?)\b")
"""In a question after a yes: one about how it goes on, which takes nothing back."""

NO = re.compile(
    r"(?:(?:oh|well|um|uh|er|thanks?|thank you|but|sorry|look|listen|and|really|i said|hell|good grief|ah) )*"
    r"(?:no+|nope|nah|no way|no deal|no chance|no can do|never|not interested|not (?:a )?chance|not today|not now"
    r"|not later|not ever"
    r"|definitely not|absolutely not|certainly not|of course not|not happening|no interest|zero interest|hard pass"
    r"|pass|not for me"
    r"|(?:this|it|that) is not for me|out of the question|it is out of the question|over my dead body|absolutely no|rather not"
    r"|i would rather not|none of (?:it|this|that)|get lost|go away|forget (?:about )?it|count me out|i am out"
    r"|i pass|i will pass"
    r"|uninterested|could not care less|i could not care less|shut up|piss off|go to hell|bugger off|drop it"
    r"|(?:just )?leave it|enough"
    r"|i have had enough|we are done(?: here)?|this conversation is over|nothing doing|refused|declined"
    r"|i am declining|i do not want to"
    r"|(?:i |we )?do not wish to proceed|i would prefer not to|cancel (?:it|everything)|not (?:buying|signing"
    r"|taking) (?:it|this|that)"
    r"|not signing|will not do|cannot do|do not (?:need|want) (?:it|this|that)|nein"
    r"|i am hanging up|i am going to hang up|leave me (?:alone|be|in peace|out of (?:it|this))|leave us (?:alone"
    r"|in peace)|lose my number|get off (?:my phone|the line))"
    r"(?: (?:thanks|thank you|sir|madam|again|now|today|please|sorry|either|ever|at all|never|no+|and not later"
    r"|i am (?:good|fine|all set|happy as i am)))*"
)
"""A phrase that turns down."""
_SUBJECT = r"(?:(?:oh|well|look|listen|thanks?|thank you|but|and|sorry|really|please|then|so|now) )*(?:i|we) "
_WANTED = (
    r"(?:want|need|accept|agree(?: (?:to|with))?|consent(?: to)?|buy|sign|pay|take|do|join|book|believe|trust|give"
    r"|go along with"
    r"|buying|signing|paying|taking|accepting|agreeing(?: to)?|doing|joining|booking|interested(?: in)?)"
)
_THING = (
    rf"(?:{_IT}|you|any of (?:it|this|that)|any|anything(?: from you)?|a word(?: of (?:it|this|that))?"
    r"|your (?:\w+ )?(?:offer|deal|plan|contract|product|insurance|call|calls|terms|help)s?)"
)
_STILL = r"(?: (?:at all|any ?more|again|now|today|from you|for free|thanks|thank you|sorry|either|ever|on the phone))*"
DECLINES = re.compile(
    rf"(?:{_SUBJECT}(?:do|will|would|can|could|shall|am|are)(?: ?not) (?:(?:going to|be|ever|want to"
    rf"|wish to) )?{_WANTED}(?: {_THING})?{_STILL}"
    rf"|{_SUBJECT}cannot (?:{_WANTED})(?: {_THING})?{_STILL}"
    rf"|{_SUBJECT}(?:(?:must|have to|will|am going to) )?(?:refuse|decline|reject)(?: {_THING}| to (?:go ahead|go on"
    rf"|do {_IT}|sign|pay|buy))?{_STILL}"
    rf"|{_SUBJECT}(?:will |am )?(?:sign|signing|pay|paying|buy|buying|do|doing|give|giving|take|taking|agree to"
    rf"|accept|want|need) (?:nothing|none)(?: .{{0,30}})?"
    rf"|{_SUBJECT}(?:(?:have|already|have already) )?(?:said|say|told you|am saying|will have to say|have to say"
    rf"|would say) no\b.*"
    rf"|{_SUBJECT}(?:disagree|am hanging up|have no interest(?: in {_THING})?|am all set"
    rf"|am not interested(?: in {_THING})?)(?: (?:now|thanks))*"
    r"|(?:the|my) answer (?:is|stays|remains)(?: still)? no|(?:this|it|that) (?:is|sounds like|looks like) a (?:scam"
    r"|con|fraud|swindle|rip off)"
    r"|sounds like a (?:scam|con|fraud)|you are (?:lying|a liar|a crook|a cheat|a fraud)"
    r"|(?:please )?(?:do not|never|stop|quit) (?:ever )?(?:call|calling|ring|ringing|contact|contacting|bother"
    r"|bothering|phone|phoning|pester"
    r"|pestering|write|writing)(?: (?:me|us|here|to me))?(?: (?:again|any ?more|ever|ever again|please|now|at home|here))*"
    r"|(?:please )?(?:take|remove|delete|strike) (?:me|my number|my name|us)(?: (?:off|from) (?:your|the"
    r"|that) (?:list|lists|files|records))?"
    r"|leave (?:me|us) (?:alone|be|in peace)(?: .{0,20})?)"
)
"""A phrase that turns down in a sentence of its own."""
RHETORICAL = re.compile(
    r"how many times (?:do i have to|must i) (?:say|tell)|what part of (?:no|that)|who do you think you are"
    r"|what do you take me for"
)
"""In a question that is none."""
SPARES = re.compile(r"\b(?:if|unless|until|once|whether|yet|before)\b")
"""In a sentence: its no is none, or not for good."""
