using Sophia.Pipelines;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Goal: what the processes share is emptied after every one of them has heard of the erasure, and kept answers go, all of them. Method: whoever is asked writes down that he was, and when.</summary>
public sealed class ErasureCopiesTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    private readonly HurriedTime time = new();
    private readonly List<(string What, TimeSpan At)> done = [];

    [Fact]
    public async Task What_processes_share_is_emptied_once_all_have_heard_of_it_and_nothing_but_copies_is()
    {
        await Copies([new Memory(this, "rows", false), new Memory(this, "shared", true)], pages: 3).Forget(default);
        Assert.Equal([("tell", TimeSpan.Zero), ("gate", TimeSpan.Zero), ("shared", ITenantGate.HoldsWithin), ("answers after ", ITenantGate.HoldsWithin), ("answers after 1", ITenantGate.HoldsWithin), ("answers after 2", ITenantGate.HoldsWithin)], done);
    }

    [Fact]
    public async Task Where_nothing_is_shared_nobody_waits()
    {
        await Copies([new Memory(this, "rows", false)], pages: 1).Forget(default);
        Assert.Equal([("tell", TimeSpan.Zero), ("gate", TimeSpan.Zero), ("answers after ", TimeSpan.Zero)], done);
    }

    private ErasureCopies Copies(IEnumerable<ITenantMemory> memories, int pages)
    {
        var began = time.GetUtcNow();
        Did = what => done.Add((what, time.GetUtcNow() - began));
        return new ErasureCopies(Acme, () =>
        {
            Did("tell");
            return Task.CompletedTask;
        }, new Gate(this), memories, new Answers(this, pages), time);
    }

    private Action<string> Did { get; set; } = null!;

    private sealed class Gate(ErasureCopiesTests test) : ITenantGate
    {
        public string? Because(TenantId tenant) => null;

        public ValueTask MustBeOpen(TenantId tenant) => ValueTask.CompletedTask;

        public bool IsOpen(TenantId tenant) => true;

        public bool IsEnded(TenantId tenant) => false;

        public Task Refresh()
        {
            test.Did("gate");
            return Task.CompletedTask;
        }
    }

    private sealed class Memory(ErasureCopiesTests test, string name, bool isCopy) : ITenantMemory
    {
        public string Name => name;

        public bool IsCopy => isCopy;

        public Task<long> Count(TenantId tenant, CancellationToken cancellation) => Task.FromResult(0L);

        public Task Erase(TenantId tenant, CancellationToken cancellation)
        {
            test.Did(name);
            return Task.CompletedTask;
        }
    }

    private sealed class Answers(ErasureCopiesTests test, int pages) : IIdempotencyStore
    {
        private int page;

        public Task<IdempotencyRecord?> Find(TenantId tenant, string name, CancellationToken cancellation) => Task.FromResult<IdempotencyRecord?>(null);

        public Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, string name, long expected, IdempotencyRecord record, CancellationToken cancellation) => throw new InvalidOperationException("Nothing is written.");

        public Task<string?> Forget(TenantId tenant, string? after, int limit, CancellationToken cancellation)
        {
            test.Did($"answers after {after}");
            return Task.FromResult(++page < pages ? $"{page}" : null);
        }

        public Task<int> Sweep(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation) => Task.FromResult(0);
    }
}
