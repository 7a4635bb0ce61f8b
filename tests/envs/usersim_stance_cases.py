"""Sentences of our own, and what they say to somebody who has just asked "Shall I set it up?": yes, no, or neither."""

YES = """
Yes.
Yes, all right.
Yes, fine, let's do it like that.
Okay, fine.
Okay.
Well, alright, I’m in.
Sure, do that.
Yeah, no problem. Thanks!
Of course, that works for me.
Absolutely.
Gladly.
All right, you've convinced me.
Great, let's go ahead.
Perfect, do it. What else?
Please do. When does it begin?
Yes. When does it begin?
Okay, I'll take it, no need to wait. What else?
I'll take it. How do I pay?
I'd love to. Where do I sign up?
Where do I sign?
I accept.
I agree to that.
Yes I agree to that.
I'm happy with that.
I'm on board.
Go ahead.
Go ahead and charge my card.
Put it on my card.
You may proceed.
You've got a deal.
We've got a deal.
It's settled then.
Consider it done.
Fine, you can have it, sign me up.
Sign me up for that one.
Enrol me.
Enroll me, please.
Let's go with the 4,900 package.
I choose the first package.
You have my go-ahead.
I give you permission.
Confirmed.
Make it happen.
Lock it in.
Book me in for Tuesday.
Yes, thank you for the favour.
Sure, why not? Do it.
By all means.
You bet.
Whatever you say, sign me up.
好的。
行，就这样吧。
没问题，办吧。
好的，不好意思刚才犹豫了，就这么定。
行，我同意，听您的。
我要了。
好，给我办了吧。
给我开通吧。
就选第一个。
签吧。
可以的，谢谢。
我确认。
你扣吧。
"""
NO = """
No.
Nope.
No, I don't want that.
No. Not now and not later.
I said no, and that's the end of it for me.
I refuse.
I refuse to go ahead.
I do not want any of this.
Please do not call me again.
Thanks, but no. I am not doing this.
No way.
Leave me alone, please.
I'm not interested.
Not interested!
I see. I won’t sign. What else?
I'll sign nothing on the phone.
I agree to none of this.
The answer is no. What part of that is unclear?
My answer stays no.
How many times do I have to say no?
Hell no. What do you take me for?
I don't accept that. Why do you keep calling?
I can't accept that.
I don't agree.
I don't want your offer.
Definitely not.
This is a scam. What is your name?
You're lying. Who do you think you are?
Stop calling me.
Take me off your list.
Go away.
Count me out.
I'll pass.
Over my dead body.
Not today, thank you.
走开。
不需要。
谢谢，不需要。
我不需要。
我拒绝。
谢谢，不用了。
别再打给我了。
不，我不要。
我说了不要。
不考虑。
不买。
绝对不行。
不同意。
请不要再打电话。
"""
NEITHER = """
I'd like to understand what the monthly amount includes before anything.
Could you tell me what happens after the first year?
Never had a problem with you people, so go on.
No idea, what does the small print say?
No, I meant the yearly figure, not the monthly one. What is it?
No, wait, which page is the renewal on?
No extra fee at all? What happens after the first year?
Never heard of that sheet. What else is on it?
No, that makes sense. What is the cancellation rule?
No one told me about that. Can you send it?
No charge for leaving, good. What about the deposit?
I don't want to rush this, so tell me the total first.
I don't want it to lapse, so how do I renew?
I don't want any of the extras. What is the plain price?
Not interested in extras, what is the plain price?
My husband said no to the last one, but yours looks better. What's the fee?
I was going to refuse, but the document looks right. What do I need to do?
I'm not buying it yet; show me the page.
Leave me a moment to find the sheet. Which page is it?
I'll pass it on to my accountant; what is the notice period?
Do not call me madam. What is the fee?
You never call me back. When will it be fixed?
Don't call me before nine. What does it cost?
Take me off speaker, I can't hear you.
I'm out of town until Monday. Can it wait?
Okay. And what does it cost to leave?
Okay. Where is that written?
Okay, I'm listening, please go on with it.
Okay, I see it on page three. How long does the offer run?
Fine print is what I read.
All right, bye then.
Yes, if the notice goes away.
Yes. But first I want it in writing.
Yes?
Yes, I can see the letter here. What does line two mean?
Yes, I'm listening.
Yes, speaking.
Yes, I remember the call in March.
Sure, sure. And what's the total?
Good. I'll think about it and call you back.
Sounds nice.
Great, thanks. Goodbye.
Okay. Goodbye.
Fine. Bye.
Good. Thank you.
Perfect, thanks for the details. Have a nice day.
Lovely, thank you. That was all I wanted to know.
好的。再见。
行，谢谢您，再见。
I'll take it to my lawyer.
I'll take it up with my bank.
I'll take that as a warning.
I'll do the maths tonight.
I accept that prices go up. What is the new one?
I agree it's a good price. What is the catch?
I agree with you on that, but the fee is the problem.
It's a bad deal, and I know it.
That's a terrible deal.
That's a big deal for me. What's the total?
Deal with the billing error and then we talk.
Good luck with your deal.
Go ahead, I'm listening.
Go ahead and read me the clause.
Yes please, send me the page.
It's too expensive to go ahead.
Charge my card and I complain to the bank.
Let's do that tomorrow, in writing.
Let's do this step by step: what's the fee?
You have my permission to stop talking.
Put me down as undecided.
I'll buy that when I see it.
Shall I go ahead?
If you name the sum for the whole term and nothing comes on top, I'd consider it.
好的，那一年一共多少钱？
嗯，我在听，你说。
好的，先发给我看看。
好吗？
好像很贵。
可以，先把书面材料发我。
没问题，我看一下再说。
好的，我知道了，回头再联系。
我接受不了这个价。
我付的钱已经够多了。
我买过你们的产品，很失望。
我付钱之前要看发票。
我同意之后再联系你。
我签的时候没说这个费用。
不是，我问的是年费。多少？
不行的话可以退吗？
要不要先签？
不要紧，写在哪儿？
不要误会，我只是想知道费用。
不要总说好处，费用是多少？
不需要安装费吗？
算了一下，一年是一千二，对吗？
我不同意自动续费，其他可以谈，条款在哪？
别烦恼，慢慢说。
没意见，你继续。
办吧，不过先发合同。
"""


def cases(text: str) -> list[str]:
    return text.strip().split("\n")
