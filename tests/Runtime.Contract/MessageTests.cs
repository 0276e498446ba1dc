namespace Sophia.Runtime.Contract;

[GenerateSerializer, Alias("contract.Parcel")]
public sealed class Parcel
{
    [Id(0)]
    public int[] Numbers { get; set; } = [];

    [Id(1)]
    public Dictionary<string, List<int>> Map { get; set; } = [];

    [Id(2)]
    public Parcel? Self { get; set; }
}

[GenerateSerializer, Immutable, Alias("contract.Letter")]
public sealed record Letter([property: Id(0)] string Text, [property: Id(1)] IReadOnlyList<int> Numbers);

public sealed class Unknown
{
    public int Value { get; set; }
}

public interface IPostGrain : IGrainWithStringKey
{
    Task Keep(Parcel parcel);

    Task<Parcel> Kept();

    Task<bool> IsSame(Letter letter);

    Task<Letter> KeepLetter(Letter letter);

    Task Refuse(object anything);

    Task<string> Context(string key);

    Task<string> ContextBehind(string key, string other);

    Task<string> Callers(IPostGrain other);

    Task<IPostGrain> Myself();

    Task<string> WaitFor(string journalKey, CancellationToken cancellation);
}

public sealed class PostGrain(Journal journal) : Grain, IPostGrain
{
    private Parcel? _kept;
    private Letter? _letter;

    public Task Keep(Parcel parcel)
    {
        _kept = parcel;
        return Task.CompletedTask;
    }

    public Task<Parcel> Kept() => Task.FromResult(_kept!);

    public Task<bool> IsSame(Letter letter) => Task.FromResult(ReferenceEquals(_letter, letter));

    public Task<Letter> KeepLetter(Letter letter) => Task.FromResult(_letter = letter);

    public Task Refuse(object anything) => Task.CompletedTask;

    public Task<string> Context(string key)
    {
        var value = RequestContext.Get(key) as string ?? "none";
        RequestContext.Set(key, "changed by callee");
        return Task.FromResult(value);
    }

    public async Task<string> ContextBehind(string key, string other)
    {
        var behind = await GrainFactory.GetGrain<IPostGrain>(other).Context(key);
        return $"{behind}, then {RequestContext.Get(key)}";
    }

    public Task<string> Callers(IPostGrain other) => Task.FromResult(other.GetPrimaryKeyString());

    public Task<IPostGrain> Myself() => Task.FromResult(this.AsReference<IPostGrain>());

    public async Task<string> WaitFor(string journalKey, CancellationToken cancellation)
    {
        var cancelled = new TaskCompletionSource();
        using var registration = cancellation.Register(() => cancelled.TrySetResult());
        journal.Write(journalKey, "waiting");
        await cancelled.Task;
        journal.Write(journalKey, "cancelled");
        return "too late";
    }
}

/// <summary>What travels with a call, and what does not.</summary>
[Collection(Contract.Name)]
public sealed class MessageTests(RuntimeFixture runtime)
{
    private IPostGrain Post(string key) => runtime.Grains.GetGrain<IPostGrain>(key);

    [Fact]
    public async Task Mutable_arguments_and_results_are_copied_on_both_ways()
    {
        var parcel = new Parcel { Numbers = [1], Map = { ["a"] = [1] } };
        parcel.Self = parcel;
        await Post("copy").Keep(parcel);
        parcel.Numbers[0] = 99;
        parcel.Map["a"].Add(99);
        var kept = await Post("copy").Kept();
        Assert.Equal([1], kept.Numbers);
        Assert.Equal([1], kept.Map["a"]);
        Assert.Same(kept, kept.Self);
        kept.Numbers[0] = 77;
        var again = await Post("copy").Kept();
        Assert.Equal<int>([1], again.Numbers);
    }

    [Fact]
    public async Task Lists_written_as_collection_expressions_cross()
    {
        int[] some = [2, 3];
        IReadOnlyList<int>[] lists = [[], [1], [1, 2], [1, .. some], [.. some.Where(n => n > 2)]];
        foreach (var list in lists)
        {
            var letter = new Letter("a", list);
            Assert.Equal(list, (await Post("letter").KeepLetter(letter)).Numbers);
        }
    }

    [Fact]
    public async Task What_cannot_cross_a_boundary_is_refused_with_a_clear_text()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => Post("refuse").Refuse(new Unknown()));
        Assert.Contains(nameof(Unknown), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_request_context_flows_to_callees_and_never_back()
    {
        RequestContext.Set("who", "test");
        Assert.Equal("test", await Post("ctx").Context("who"));
        Assert.Equal("test, then test", await Post("ctx").ContextBehind("who", "ctx2"));
        Assert.Equal("test", RequestContext.Get("who"));
        RequestContext.Clear();
        Assert.Equal("none", await Post("ctx").Context("who"));
    }

    [Fact]
    public async Task References_travel()
    {
        Assert.Equal("other", await Post("ref").Callers(Post("other")));
        Assert.Equal("ref", (await Post("ref").Myself()).GetPrimaryKeyString());
    }

    [Fact]
    public async Task Cancelling_ends_the_callers_wait_at_once_and_tells_the_callee()
    {
        var journal = runtime.Journal;
        using var cancellation = new CancellationTokenSource();
        var call = Post("cancel").WaitFor("cancel-line", cancellation.Token);
        await journal.Until("cancel-line", lines => lines.Count == 1);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await journal.Until("cancel-line", lines => lines.Contains("cancelled"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Post("cancel").WaitFor("never", cancellation.Token));
        Assert.Empty(journal.Read("never"));
    }
}
