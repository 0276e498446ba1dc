namespace Sophia.Queues;

public abstract partial class QueueStoreSuite
{
    // Goal: counts are the sum of states under any sequence. Method: seeded random operations; after each the counts are compared with the rows, and each order key with the order of its items.
    [EngineTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_done_in_whatever_order_every_item_is_in_one_state_and_keys_keep_their_order(int seed)
    {
        var random = new Random(seed);
        var (now, held, begun) = (Noon, new List<Work>(), new Dictionary<string, long>());
        var keys = new Dictionary<long, string>();
        var revived = new HashSet<long>();
        for (var step = 0; step < 250; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(3));
            switch (random.Next(8))
            {
                case 0 or 1 or 2:
                    var key = random.Next(2) == 0 ? $"k{random.Next(3)}" : null;
                    var id = await Take(Job() with { OrderKey = key, Priority = key is null ? random.Next(10) : 5, NotBefore = random.Next(4) == 0 ? now.AddSeconds(random.Next(9)) : null, DedupKey = random.Next(5) == 0 ? $"d{step}" : null }, now);
                    if (key is not null)
                        keys[id] = key;
                    break;
                case 3 or 4:
                    foreach (var work in (await Lease(1 + random.Next(4), now)).Items)
                    {
                        Assert.DoesNotContain(held, other => other.Token.Id == work.Token.Id);
                        if (keys.TryGetValue(work.Token.Id, out var of))
                        {
                            Assert.DoesNotContain(held, other => keys.GetValueOrDefault(other.Token.Id) == of);
                            if (!revived.Contains(work.Token.Id))
                            {
                                Assert.True(begun.GetValueOrDefault(of) <= work.Token.Id, $"seed {seed}: {of} began {begun.GetValueOrDefault(of)} before {work.Token.Id}");
                                begun[of] = work.Token.Id;
                            }
                        }
                        held.Add(work);
                    }
                    break;
                case 5 or 6 when held.Count > 0:
                    var one = held[random.Next(held.Count)];
                    held.Remove(one);
                    await End(one.Token, random.Next(4) switch
                    {
                        0 => new ItemEnd.Again(now.AddSeconds(random.Next(4)), "again"),
                        1 => new ItemEnd.GivenUp(random.Next(2) == 0 ? WorkState.Dead : WorkState.Quarantined, WorkCause.Failed, "no"),
                        _ => new ItemEnd.Done(),
                    }, now);
                    Assert.Equal(FinishAnswer.Late, (await End(one.Token, new ItemEnd.Done(), now)).Answer);
                    break;
                default:
                    var aside = (await Store.List(Acme, new WorkQuery(Limit: 3), false, default)).Items.Select(item => item.Id).ToArray();
                    if (aside.Length == 0)
                        break;
                    if (random.Next(2) == 0)
                        revived.UnionWith(aside);
                    await Store.Change(Acme, aside, revived.Contains(aside[0]) && revived.IsSupersetOf(aside) ? new WorkDecision.Revive() : new WorkDecision.Purge(), now, default);
                    await Store.Ripen(Acme, now, now.AddSeconds(-20), 10, default);
                    break;
            }
            if (step > 5)
                await Counts();
        }
    }
}
