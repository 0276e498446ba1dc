using System.Globalization;

namespace Sophia.Resilience;

/// <summary>What answers say of limits: the fields and the problem types of draft-ietf-httpapi-ratelimit-headers.</summary>
internal static class LimitAnswers
{
    private const string PolicyHeader = "RateLimit-Policy", LimitHeader = "RateLimit", Types = "https://iana.org/assignments/http-problem-types#";

    /// <summary>What each refusal by a limit means.</summary>
    public static readonly ProblemPage QuotaPage = new("quota-exceeded", StatusCodes.Status429TooManyRequests, "Asked too often",
        "A limit lets so much through in a time, or so much at once, for a key, a tenant, an address or the whole installation, and that is used up. Wait as long as the answer says (Retry-After): coming back then counts against nobody. The page Limits shows how each limit counts, and operators of the installation set them.");

    /// <inheritdoc cref="QuotaPage"/>
    public static readonly ProblemPage CapacityPage = new("temporary-reduced-capacity", StatusCodes.Status503ServiceUnavailable, "More than can be answered in time",
        "More is under way now than can be answered in time, so some of it is refused at once instead of all of it becoming slow. Nobody asked too often; ask again a little later.");

    /// <inheritdoc cref="QuotaPage"/>
    public static readonly ProblemPage PenaltyPage = new("abnormal-usage-detected", StatusCodes.Status429TooManyRequests, "Asked on and on",
        "A key or an address was refused by a limit and asked on without waiting. First it waits, twice as long each time; then it is banned for a while. Only what that limit is for is closed, and it ends by itself when the time in the answer is over. An operator of the tenant can end a key's ban sooner, on the page Limits; an address's, an operator of the installation.");

    /// <exception cref="ProblemException">A limit, a wait or a ban refuses it.</exception>
    public static void MustBeAdmitted(LimitTaken taken)
    {
        if (taken.Penalty is { } penalty)
            throw Of(penalty);
        if (taken.RefusedBy is not null)
            throw Of(taken);
    }

    public static void Tell(LimitTaken taken, IHeaderDictionary headers)
    {
        if (taken.Said.Count > 0)
            (headers[PolicyHeader], headers[LimitHeader]) = (Policies(taken), Left(taken));
    }

    /// <summary>A refusal by a limit.</summary>
    public static ProblemException Of(LimitTaken taken)
    {
        var refused = taken.RefusedBy!.Value;
        var isAdaptive = refused.Limit.Terms.IsAdaptive;
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { [PolicyHeader] = Policies(taken), [LimitHeader] = Left(taken) };
        return new ProblemException(isAdaptive
            ? new Problem($"{Types}temporary-reduced-capacity", "Request cannot be satisfied due to temporary server capacity constraints", CapacityPage.Status, CapacityPage.Code,
                "More is under way than can be answered in time. Ask again a little later.", RetryAfter: Seconds(refused.Answer.RetryAfter), Help: CapacityPage.Help, ViolatedPolicies: [refused.Limit.Name])
            : new Problem($"{Types}quota-exceeded", "Request cannot be satisfied as assigned quota has been exceeded", QuotaPage.Status, QuotaPage.Code,
                refused.Answer.IsUnshared ? $"What may be taken here of \"{refused.Limit.Name}\" is not known yet. Ask again in a moment." : refused.Limit.Terms.IsPlaces ? $"As many requests are under way at once as \"{refused.Limit.Name}\" lets." : refused.Answer.RetryAfter == Timeout.InfiniteTimeSpan ? $"This costs more than \"{refused.Limit.Name}\" ever lets through." : $"Asked as often as \"{refused.Limit.Name}\" lets.",
                RetryAfter: Seconds(refused.Answer.RetryAfter), Help: QuotaPage.Help, ViolatedPolicies: [refused.Limit.Name]), headers);
    }

    /// <summary>A refusal because of what was asked before.</summary>
    public static ProblemException Of(LimitPenalty penalty) => new(new Problem($"{Types}abnormal-usage-detected", "Request not satisfied due to detection of abnormal request pattern", PenaltyPage.Status, PenaltyPage.Code,
        $"{(penalty.Of.StartsWith("key:", StringComparison.Ordinal) ? "This API key" : "This address")} {(penalty.IsBan ? "is " : "")}{penalty.Because}.", RetryAfter: Seconds(penalty.RetryAfter), Help: PenaltyPage.Help));

    private static string Policies(LimitTaken taken) => string.Join(", ", taken.Said.Select(static one => one.Limit.Terms is var terms && terms.IsPlaces
        ? string.Create(CultureInfo.InvariantCulture, $"\"{one.Limit.Name}\";q={terms.Limit:0};qu=\"concurrent-requests\"")
        : string.Create(CultureInfo.InvariantCulture, $"\"{one.Limit.Name}\";q={terms.Quota:0};w={Seconds(TimeSpan.FromSeconds(terms.Algorithm == LimitAlgorithm.TokenBucket ? terms.Burst * terms.WindowSeconds / terms.Limit : terms.WindowSeconds))}")));

    private static string Left(LimitTaken taken) => string.Join(", ", taken.Said.Select(static one =>
        string.Create(CultureInfo.InvariantCulture, $"\"{one.Limit.Name}\";r={(one.Answer.IsAdmitted ? one.Answer.Remaining : 0)};t={Seconds(one.Answer.IsAdmitted ? one.Answer.ResetAfter : one.Answer.RetryAfter)}")));

    /// <summary>Whole seconds, one at least: nobody is told to come back at once.</summary>
    private static int Seconds(TimeSpan span) => span == Timeout.InfiniteTimeSpan ? int.MaxValue : Math.Max(1, (int)Math.Min(int.MaxValue, Math.Ceiling(span.TotalSeconds)));
}
