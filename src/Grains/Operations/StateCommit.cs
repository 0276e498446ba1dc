namespace Sophia.Operations;

/// <summary>The one way by which a grain changes what it keeps.</summary>
public static class StateCommit
{
    /// <summary>Writes a new state. After a failed write nobody knows what is on the disk: the old value is put back and <paramref name="onFailure"/> drops the activation.</summary>
    public static async Task CommitAsync<TState>(this IPersistentState<TState> stored, TState after, Action onFailure)
    {
        var before = stored.State;
        stored.State = after;
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            stored.State = before;
            onFailure();
            throw;
        }
    }
}
