namespace Sophia.Knowledge;

/// <summary>Answers a search.</summary>
internal delegate Task<SearchAnswer> Searcher(SearchQuery query, CancellationToken cancellation);

/// <summary>A judged set that can be put into a Sophia and asked.</summary>
internal interface IEvaluation
{
    /// <summary>Results of a search whose time is taken, as many as a page shows, asked first; figures of quality look deeper.</summary>
    const int TimedLimit = 10;

    /// <summary>The ways of searching that can be compared on it.</summary>
    string[] Modes { get; }

    Task Fill(ScratchSophia sophia, CancellationToken cancellation);

    Task<EvalScore> Run(string mode, Searcher search, CancellationToken cancellation);
}
