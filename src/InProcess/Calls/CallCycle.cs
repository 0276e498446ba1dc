using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>Finds grains that wait for each other in a ring, which is the usual reason of a call that never answers.</summary>
internal static class CallCycle
{
    /// <summary>A sentence that names the ring which <paramref name="late"/> waits for, or an empty text.</summary>
    public static string Describe(Message late, IReadOnlyList<Message> waiting)
    {
        var calls = waiting.Where(message => message.Source is not null).ToLookup(message => message.Source!.Value, message => message.Target);
        var path = new List<GrainId>();
        return Walk(late.Target, path, calls, []) is { } ring
            ? $" A call cycle: {string.Join(" -> ", ring)}."
            : "";
    }

    private static IEnumerable<GrainId>? Walk(GrainId grain, List<GrainId> path, ILookup<GrainId, GrainId> calls, HashSet<GrainId> seen)
    {
        var start = path.IndexOf(grain);
        if (start >= 0)
            return path.Skip(start).Append(grain);
        if (!seen.Add(grain))
            return null;
        path.Add(grain);
        foreach (var callee in calls[grain])
        {
            if (Walk(callee, path, calls, seen) is { } ring)
                return ring;
        }
        path.RemoveAt(path.Count - 1);
        return null;
    }
}
