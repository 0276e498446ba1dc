using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Texts that wait for a request, taken in turn: one of each tenant that has any, then the next of each. Pure; whoever uses it guards it.</summary>
/// <remarks>A tenant with a thousand texts and one with a single text get a place each in the next request.</remarks>
internal sealed class WaitingTexts
{
    private readonly Dictionary<TenantId, Queue<WaitingText>> byTenant = [];
    private readonly Queue<TenantId> turn = [];

    /// <summary>Texts that wait, and their characters. What was given up counts until its turn comes.</summary>
    public int Count { get; private set; }

    public long Characters { get; private set; }

    public int CountOf(TenantId tenant) => byTenant.TryGetValue(tenant, out var own) ? own.Count : 0;

    /// <summary>When the text that waits longest came, as a timestamp; null where none waits.</summary>
    public long? Oldest => turn.Count == 0 ? null : turn.Min(tenant => byTenant[tenant].Peek().Ask.At);

    public void Add(TenantId tenant, WaitingText text)
    {
        if (!byTenant.TryGetValue(tenant, out var own))
        {
            byTenant[tenant] = own = [];
            turn.Enqueue(tenant);
        }
        own.Enqueue(text);
        Count++;
        Characters += text.Text.Length;
    }

    /// <summary>Removes the next texts that are still wanted: at most so many, with at most so many characters unless the first alone has more.</summary>
    public List<WaitingText> Take(int maxTexts, int maxCharacters)
    {
        var (taken, characters) = (new List<WaitingText>(Math.Min(maxTexts, Count)), 0L);
        while (taken.Count < maxTexts && turn.TryPeek(out var tenant))
        {
            var next = byTenant[tenant].Peek();
            if (!next.Ask.IsOver && taken.Count > 0 && characters + next.Text.Length > maxCharacters)
                break;
            Remove(tenant);
            if (next.Ask.IsOver)
                continue;
            taken.Add(next);
            characters += next.Text.Length;
        }
        return taken;
    }

    // The tenant goes to the end of the line, or leaves it with its last text.
    private void Remove(TenantId tenant)
    {
        var own = byTenant[tenant];
        var text = own.Dequeue();
        Count--;
        Characters -= text.Text.Length;
        turn.Dequeue();
        if (own.Count > 0)
            turn.Enqueue(tenant);
        else
            byTenant.Remove(tenant);
    }
}

/// <summary>One text of a call.</summary>
internal readonly record struct WaitingText(EmbeddingAsk Ask, int Place)
{
    public string Text => Ask.Texts[Place];
}
