using System.Diagnostics.CodeAnalysis;

namespace Sophia.Resilience;

/// <summary>What waits for hands, by owner: owners take turns, each one's own things go in order, and nobody has more than his bound at work. Pure; whoever uses it guards it.</summary>
/// <remarks>
/// Between two turns of an owner below his bound every other owner has at most one, however much he brought. Something is held back only where all who wait are at their bounds:
/// the hands that then stay free are what another owner finds when he comes.
/// </remarks>
/// <param name="most">How many things of one owner are at work at a time.</param>
internal sealed class FairLine<TOwner, TItem>(int most) where TOwner : notnull
{
    private readonly Dictionary<TOwner, Own> known = [];
    private readonly Queue<Own> turn = [];

    /// <summary>How many things wait.</summary>
    public int Count { get; private set; }

    public void Add(TOwner owner, TItem item)
    {
        if (!known.TryGetValue(owner, out var own))
            known[owner] = own = new Own(owner);
        own.Items.Enqueue(item);
        Count++;
        Queue(own);
    }

    /// <summary>The next thing to do; false where nothing waits, or only of owners at their bounds. Say <see cref="Done"/> afterwards.</summary>
    public bool TryTake([MaybeNullWhen(false)] out TOwner owner, [MaybeNullWhen(false)] out TItem item)
    {
        if (!turn.TryDequeue(out var own))
        {
            (owner, item) = (default, default);
            return false;
        }
        own.InTurn = false;
        own.AtWork++;
        Count--;
        (owner, item) = (own.Owner, own.Items.Dequeue());
        Queue(own);
        return true;
    }

    public void Done(TOwner owner)
    {
        var own = known[owner];
        own.AtWork--;
        Queue(own);
        if (own is { AtWork: 0, Items.Count: 0 })
            known.Remove(owner);
    }

    private void Queue(Own own)
    {
        if (own.InTurn || own.Items.Count == 0 || own.AtWork >= most)
            return;
        own.InTurn = true;
        turn.Enqueue(own);
    }

    private sealed class Own(TOwner owner)
    {
        public TOwner Owner => owner;

        public Queue<TItem> Items { get; } = [];

        public int AtWork { get; set; }

        public bool InTurn { get; set; }
    }
}
