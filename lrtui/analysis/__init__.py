"""From measured curves to answers: plain numpy, no torch, no files.

Reading order:
    curve            one measured curve; smoothing and its inverse
    prepared_curve   a curve with its level, its noise and how far it falls
    valley           the average of all repeats on a grid of log(lr), and its centre
    evidence         the valley of the loss and that of the metric
    suggest          the verdict: a rate, or one of the refusals
    refusals         verdicts without a rate, each with reason and advice
    smoothed         how to detect losses that were smoothed before
    bounds           base_lr and max_lr of a cyclical schedule
    rules            the published rules of other libraries
    analyse          all of the above at once
    answer           the types of an answer, without numpy
    plan             the planned training: its checks, and how far the calibration reaches
    race             which rates a race tries, and how it spends its steps
    race_pairs       two rates compared, and how sure that is
    race_standing    who leads a race, and which comparison is next
    race_verdict     what the trials of a race show
"""
