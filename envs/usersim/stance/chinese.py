"""Chinese words of assent, agreement, refusal and reserve: patterns of a whole phrase unless it says otherwise."""

from __future__ import annotations

import re

_TAIL = r"[了吧啊呀哦嘛呗哈的嘞滴您你谢]*"
ASSENT = re.compile(
    r"(?:好的好的|好的|好|行行|行|可以可以|可以|没问题|没意见|嗯+|是的|当然(?:可以)?|同意|愿意|成|中|妥|对|就这样|那|ok|okay)"
    + _TAIL
)
"""At the beginning of a phrase, again and again."""
AGREES = re.compile(
    r"(?:(?:那|好|行|就|我就|我们就|麻烦|请|给我|帮我|您|你|直接|马上|现在) ?)*"
    r"(?:(?:就)?这(?:样|么)(?:办|定|着|说定|签)?|(?:办|签|订|买|开通|续(?:上|费)?|报名|下单|付款|付|扣|从卡里扣|参加|加入|成交|定(?:下来)?|确认|同意|接受)"
    r"(?:一个|这个|一下|办理|签字)?|我(?:同意|接受|愿意|确认|参加|加入|要|买|签|订|付|选|办)(?:这个|了这个)?|要这个|要了|它|选第一个|第一个"
    r"|听(?:您|你)的|按(?:您|你)说的(?:办|来)|没问题|没意见|谢谢(?:您|你)?|不好意思(?:刚才)?(?:犹豫)?|我不想错过|别耽误|不用多说)"
    + _TAIL
)
"""A phrase that goes along."""
COURTESY = re.compile(r"谢谢(?:您|你)?|不好意思.*|没啥问题|就这样吧?")
BEGINS: frozenset[str] = frozenset()
"""Words are not spaced."""
STRONG = re.compile(r"好的|可以|没问题|是的|当然|同意|愿意|行")
"""Assent that is more than having heard."""
ASKS_IN = re.compile(r"(?:那)?(?:在)?哪(?:儿|里)签|怎么付款?")
"""A question that is a yes."""
FORWARD = re.compile(r"什么时候|下一步|哪儿签|在哪签|怎么付|还要")
"""In a question after a yes: one about how it goes on."""
RESERVE = re.compile(
    r"不|没|别|如果|除非|要是|等|先|才|可能|吗|拒绝|但|过|之前|之后|的话|再|看|说|讲|知道|听见|回头|考虑|想想|只要"
)
"""Anywhere in a sentence; then it is no yes."""
HARMLESS = re.compile(
    r"刚才|没问题|没意见|不好意思|不想错过|别耽误|不用多说|听(?:您|你)的|按(?:您|你)说的|说定|不用等|没啥问题"
)
NO = re.compile(
    r"(?:谢谢|那|暂时|我看|算了|我说了|我说过了?|哎|唉|喂|真的|还是)*(?:不+|不要|不行|不用|不了|不需要|不必|不可能|不考虑|不同意|不接受|不买|不签|不办"
    r"|不干|不感兴趣|没兴趣|绝对不行|绝不|没门|休想|算了|免了|走开|骗子|别再打(?:来)?|别打了|别打来|别烦我|别找我"
    r"|不可以|没必要|没有必要|免谈|(?:想都)?别想|滚|不办理|不续费?|不付|肯定不行|当然不|用不着|拒绝|不想(?:要|办|买|签|听|续费|参加))"
    r"[了吧啊呀哦的谢谢您你]*"
)
"""A phrase that turns down."""
DECLINES = re.compile(
    r"(?:谢谢|可是|但|但是|那)?我(?:真的|绝对|肯定|已经说了|说了|现在|今天|们)?(?:不(?:要|同意|接受|买|签|办|付|参加|需要|考虑|感兴趣|想要|想买|想办|想签|想听|想续费|想参加|相信)"
    r"|拒绝|没兴趣)(?:了|这个|这些|任何东西|任何|你们的东西|你们的|您的|你的(?:东西|产品)?|办理|签|买|再听|参加)*[啊吧呀的]*"
    r"|(?:请|你们?|您|以后)*(?:别|不要)再?(?:打|找|烦|联系|骚扰)(?:我|来|电话|给我|了|过来)+.{0,4}|(?:你|您|你们)(?:在|是)?(?:骗人|骗子|撒谎|骗我).{0,3}"
    r"|这是(?:骗局|诈骗|骗人的).{0,2}"
)
RHETORICAL = re.compile(r"要我说几遍|说了多少遍|听不懂吗")
SPARES = re.compile(r"如果|要是|除非|只要|之前|的话|还没|急|紧")
"""In a sentence: its no is none, or not for good."""
