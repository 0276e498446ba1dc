using System.Collections.Concurrent;
using Sophia.Pipelines;
using Xunit.Abstractions;

namespace Sophia.Resilience;

/// <summary>Goal: operations with duplicates and deaths have one effect each. Method: each key is asked for by one to four callers at once, of whom some die at a random step; rounds go on, a lease apart and over restarts, until
/// every key has its answer. 20,000 keys; 1,000,000 with SOPHIA_NIGHTLY=1, and as many as it says with a larger number.</summary>
public sealed class IdempotencySoakTests(ITestOutputHelper output)
{
    private const int AtOnce = 256, InARound = 4_000, RestartEvery = 5;

    private static readonly int Operations = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") is not { Length: > 0 } nightly ? 20_000 : int.TryParse(nightly, out var many) && many > 1 ? many : 1_000_000;

    [Fact]
    public async Task Operations_with_duplicates_and_deaths_have_one_effect_each()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SOPHIA_SEED"), out var given) ? given : 20_261_121;
        output.WriteLine($"SOPHIA_SEED={seed}");
        var random = new Random(seed);
        await using var world = await IdempotencyWorld.Start();
        var answers = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var (callers, deaths, rounds) = (0, 0, 0);
        for (var from = 0; from < Operations; from += InARound)
        {
            var open = Enumerable.Range(from, Math.Min(InARound, Operations - from)).Select(i => $"op-{i}").ToList();
            for (; open.Count > 0; rounds++)
            {
                var asked = open.SelectMany(key => Enumerable.Range(0, random.Next(1, 5)).Select(_ => (Key: key, Dies: (Death)random.Next(0, 6), Writer: random.Next()))).ToList();
                (callers, deaths) = (callers + asked.Count, deaths + asked.Count(one => one.Dies is not Death.Never and not Death.NeverEither));
                await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (one, _) =>
                {
                    if (await Ask(world, one.Key, one.Dies, one.Writer) is { } said)
                        Assert.Equal(said, answers.GetOrAdd(one.Key, said));
                });
                world.Time.Move(IdempotencyWorld.Lease);
                if (rounds % RestartEvery == RestartEvery - 1)
                    await world.Restart();
                open.RemoveAll(answers.ContainsKey);
            }
        }
        output.WriteLine($"{Operations} operations, {callers} callers of whom {deaths} died, {rounds} rounds");
        Assert.Equal(Operations, await world.Effects());
        Assert.Equal(Operations, answers.Values.Distinct().Count());
        Assert.True(deaths > Operations / 2);
    }

    private enum Death
    {
        Never, NeverEither, BeforeTheEffect, AfterTheEffect, AfterTheCompletion, AfterTheClaimOfAnother,
    }

    /// <summary>The answer, where the caller lived to hear one.</summary>
    private static async Task<string?> Ask(IdempotencyWorld world, string key, Death dies, int writer)
    {
        if (dies is Death.Never or Death.NeverEither)
            return await world.Once(key, work => world.Effect(work.OperationId, writer: writer)) is OnceAnswer.Done done ? IdempotencyWorld.Said(done) : null;
        var claim = await world.Claim(key, $"dying-{writer}");
        if (claim.Kind is not (ClaimKind.Granted or ClaimKind.TakenOver) || dies is Death.BeforeTheEffect or Death.AfterTheClaimOfAnother)
            return null;
        var outcome = await world.Effect(key, writer: writer);
        if (dies == Death.AfterTheCompletion)
            await world.As(() => world.Key(key).Complete(claim.Round, outcome!));
        return null;
    }
}
