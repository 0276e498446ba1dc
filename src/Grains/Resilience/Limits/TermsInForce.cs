using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The terms of one limit that count now: those that are configured, or those that somebody set in the tenant's book. Asked on each decision, so nothing is looked up for as long as nothing changed.</summary>
internal sealed class TermsInForce(LimitBooks books, TenantId tenant, string limit, LimitTerms configured)
{
    private volatile Seen? seen;

    /// <summary>The book that they come from.</summary>
    public LimitBook Book
    {
        get
        {
            Now();
            return seen!.Book;
        }
    }

    public LimitTerms Now()
    {
        if (seen is { } last && last.IsNewest)
        {
            last.Book.Follow();
            return last.Terms;
        }
        var book = books.Of(tenant);
        var version = book.Version; // Before its terms are read: of a change in between the next call hears.
        var terms = book.TermsOf(limit) is { } set && set.Algorithm == configured.Algorithm ? set : configured;
        seen = new Seen(book, version, terms);
        return terms;
    }

    private sealed record Seen(LimitBook Book, object? Version, LimitTerms Terms)
    {
        public bool IsNewest => !Book.IsForgotten && ReferenceEquals(Book.Version, Version);
    }
}
