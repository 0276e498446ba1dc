namespace Sophia.Operations;

/// <summary>The one way by which a grain changes what it keeps.</summary>
public static class StateCommit
{
    /// <summary>Writes a new state. After a failed write nobody knows what is on the disk: the old value is put back and <paramref name="onFailure"/> drops the activation.</summary>
    /// <remarks>Work beside a grain's calls may commit while another commit is on its way. What was made of a state whose write fails meanwhile is written as it is: with the old value put back, it would be
    /// the old value that is written, and told as done.</remarks>
    public static async Task CommitAsync<TState>(this IPersistentState<TState> stored, TState after, Action onFailure)
        where TState : class
    {
        var before = stored.State;
        stored.State = after;
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            if (ReferenceEquals(stored.State, after))
                stored.State = before;
            onFailure();
            throw;
        }
    }
}
