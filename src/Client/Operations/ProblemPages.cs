namespace Sophia.Operations;

/// <summary>A kind of refusal that has a page of its own, under /problems/ and its code.</summary>
internal sealed record ProblemPage(string Code, int Status, string Title, string Explained)
{
    public string Help => $"/problems/{Code}";

    /// <param name="retryAfter">In seconds.</param>
    public ProblemException Told(string detail, int? retryAfter = null) => new(new Problem($"urn:sophia:problem:{Code}", Title, Status, Code, detail, RetryAfter: retryAfter, Help: Help));
}

/// <summary>A refusal that the edge itself decides.</summary>
/// <param name="headers">What the answer says beside the problem.</param>
internal sealed class ProblemException(Problem problem, IReadOnlyDictionary<string, string>? headers = null) : Exception(problem.Detail)
{
    public Problem Problem => problem;

    public IReadOnlyDictionary<string, string> Headers => headers ?? new Dictionary<string, string>();
}

/// <summary>What refusals mean, for who follows the link in one. Open to everybody: it says nothing of anybody.</summary>
internal static class ProblemPages
{
    private static readonly Dictionary<string, ProblemPage> All = ((ProblemPage[])
    [
        Resilience.IdempotencyProblems.MissingPage, Resilience.IdempotencyProblems.MalformedPage, Resilience.IdempotencyProblems.MismatchPage, Resilience.IdempotencyProblems.RunningPage,
        Resilience.IdempotencyProblems.NotKeptPage, Resilience.DeadlineMiddleware.Page, Resilience.LimitAnswers.QuotaPage, Resilience.LimitAnswers.CapacityPage, Resilience.LimitAnswers.PenaltyPage,
    ]).ToDictionary(page => page.Code, StringComparer.Ordinal);

    /// <summary>The page of a code; null: it has none.</summary>
    public static ProblemPage? Of(string code) => All.GetValueOrDefault(code);

    public static void MapProblemPages(this IEndpointRouteBuilder app) => app.MapGet("/problems/{problem}", (string problem, HttpContext context) =>
        All.TryGetValue(problem, out var page)
            ? MessagePage.Write(context.Response, page.Title, page.Explained, MessagePage.Ways(context))
            : throw new RefusedException(RefusalCode.NotFound, "No problem is called so.")).AllowAnonymous().ExcludeFromDescription();
}
