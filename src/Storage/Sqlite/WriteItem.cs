namespace Sophia.Sqlite;

/// <summary>One piece of work that waits for the writer of a file.</summary>
internal abstract class WriteItem(Durability durability, int bytes, CancellationToken cancellation)
{
    /// <summary>Done by itself and outside of a transaction, as writing the file anew has to be.</summary>
    public bool IsAlone { get; init; }

    public Durability Durability => durability;

    public int Bytes => bytes;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Does the work inside the open transaction; what it throws rolls the transaction back.</summary>
    public abstract void Execute(DatabaseConnection connection);

    public abstract void Succeed();

    public abstract void Fail(Exception failure);

    public abstract void Cancel();
}

internal sealed class WriteItem<T>(Func<DatabaseConnection, T> work, Durability durability, int bytes, CancellationToken cancellation)
    : WriteItem(durability, bytes, cancellation)
{
    private readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Done => done.Task;

    public override void Execute(DatabaseConnection connection) => result = work(connection);

    public override void Succeed() => done.SetResult(result!);

    public override void Fail(Exception failure) => done.SetException(failure);

    public override void Cancel() => done.SetCanceled(Cancellation);
}
