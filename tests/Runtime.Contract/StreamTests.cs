using System.Runtime.CompilerServices;

namespace Sophia.Runtime.Contract;

public interface IStreamGrain : IGrainWithStringKey
{
    IAsyncEnumerable<int> Count(int n, CancellationToken cancellation = default);

    IAsyncEnumerable<int> ForEver(string journalKey, CancellationToken cancellation = default);

    IAsyncEnumerable<int> Break(int after);

    Task Release();

    Task Leave();
}

public sealed class StreamGrain(Journal journal) : Grain, IStreamGrain
{
    private readonly TaskCompletionSource _gate = new();

    public async IAsyncEnumerable<int> Count(int n, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var i = 0; i < n; i++)
        {
            if (i % 7 == 0)
                await Task.Yield();
            yield return i;
        }
    }

    public async IAsyncEnumerable<int> ForEver(string journalKey, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        try
        {
            yield return 1;
            await _gate.Task.WaitAsync(cancellation);
            yield return 2;
        }
        finally
        {
            journal.Write(journalKey, "ended");
        }
    }

    public async IAsyncEnumerable<int> Break(int after)
    {
        for (var i = 0; i < after; i++)
            yield return i;
        await Task.Yield();
        throw new InvalidDataException("broken");
    }

    public Task Release()
    {
        _gate.TrySetResult();
        return Task.CompletedTask;
    }

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

/// <summary>Methods that return enumerations.</summary>
[Collection(Contract.Name)]
public sealed class StreamTests(RuntimeFixture runtime)
{
    private IStreamGrain Grain(string key) => runtime.Grains.GetGrain<IStreamGrain>(key);

    private Journal Journal => runtime.Journal;

    private static async Task<List<int>> All(IAsyncEnumerable<int> source)
    {
        List<int> all = [];
        await foreach (var item in source)
            all.Add(item);
        return all;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(250, 100)]
    [InlineData(250, 1)]
    public async Task All_elements_come_in_order_whatever_the_batch(int n, int batch) =>
        Assert.Equal(Enumerable.Range(0, n), await All(Grain("count").Count(n).WithBatchSize(batch)));

    [Fact]
    public async Task Calls_interleave_with_an_enumeration_that_waits()
    {
        await using var steps = Grain("waits").ForEver("waits").GetAsyncEnumerator();
        Assert.True(await steps.MoveNextAsync());
        var next = steps.MoveNextAsync();
        await Grain("waits").Release();
        Assert.True(await next);
        Assert.Equal(2, steps.Current);
        Assert.False(await steps.MoveNextAsync());
    }

    [Fact]
    public async Task Leaving_the_loop_ends_the_enumeration_on_the_grain()
    {
        await foreach (var _ in Grain("leave").ForEver("leave"))
            break;
        await Journal.Until("leave", lines => lines.Count == 1);
    }

    [Fact]
    public async Task Cancelling_ends_the_enumeration_on_both_sides()
    {
        using var cancellation = new CancellationTokenSource();
        var steps = Grain("cancelled").ForEver("cancelled", cancellation.Token).GetAsyncEnumerator();
        Assert.True(await steps.MoveNextAsync());
        var next = steps.MoveNextAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        await steps.DisposeAsync();
        await Journal.Until("cancelled", lines => lines.Count == 1);
    }

    [Fact]
    public async Task An_exception_comes_after_the_elements_before_it()
    {
        List<int> seen = [];
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var item in Grain("break").Break(3))
                seen.Add(item);
        });
        Assert.Equal([0, 1, 2], seen);
    }

    [Fact]
    public async Task Deactivation_aborts_an_enumeration()
    {
        await using var steps = Grain("aborted").ForEver("aborted").WithBatchSize(1).GetAsyncEnumerator();
        Assert.True(await steps.MoveNextAsync());
        await Grain("aborted").Leave();
        await Assert.ThrowsAsync<EnumerationAbortedException>(async () => await steps.MoveNextAsync());
    }
}
