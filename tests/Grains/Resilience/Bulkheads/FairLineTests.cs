namespace Sophia.Resilience;

// Goal: whoever brings much makes nobody else wait longer than one turn of each. Method: seeded worlds of owners who bring, hands that take and end, beside a plain model of what waits.
public sealed class FairLineTests
{
    [Fact]
    public void Nothing_is_lost_each_owners_things_go_in_order_nobody_has_more_than_his_bound_and_hands_are_idle_only_where_all_are_at_theirs()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var (random, most) = (new Random(seed), seed % 4 + 1);
            var line = new FairLine<int, (int Owner, int Number)>(most);
            var (owners, brought) = (random.Next(1, 8), new int[8]);
            var (waiting, atWork) = (Enumerable.Range(0, owners).Select(_ => new Queue<int>()).ToArray(), new int[owners]);
            for (var step = 0; step < 400; step++)
            {
                // The first brings as much as all others together.
                var owner = random.Next(2) == 0 ? 0 : random.Next(owners);
                switch (random.Next(3))
                {
                    case 0:
                        line.Add(owner, (owner, brought[owner]));
                        waiting[owner].Enqueue(brought[owner]++);
                        break;
                    case 1 when line.TryTake(out var served, out var thing):
                        Assert.Equal((served, waiting[served].Dequeue()), thing);
                        Assert.True(++atWork[served] <= most, $"seed {seed}: {atWork[served]} at work of one");
                        break;
                    case 1:
                        Assert.All(Enumerable.Range(0, owners), one => Assert.True(waiting[one].Count == 0 || atWork[one] == most, $"seed {seed}: {one} waits for nothing"));
                        break;
                    default:
                        if (atWork[owner] == 0)
                            break;
                        atWork[owner]--;
                        line.Done(owner);
                        break;
                }
                Assert.Equal(waiting.Sum(own => own.Count), line.Count);
            }
        }
    }

    [Fact]
    public void While_an_owner_below_his_bound_waits_every_other_one_is_served_once_at_most()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var line = new FairLine<int, int>(2);
            var (owners, since) = (random.Next(2, 8), new Dictionary<int, Dictionary<int, int>>());
            var (waiting, atWork) = (new int[owners], new int[owners]);
            for (var step = 0; step < 400; step++)
            {
                var owner = random.Next(3) == 0 ? random.Next(owners) : 0;
                if (random.Next(2) == 0)
                {
                    line.Add(owner, step);
                    waiting[owner]++;
                }
                else if (atWork[owner] > 0 && random.Next(2) == 0)
                {
                    atWork[owner]--;
                    line.Done(owner);
                }
                else if (line.TryTake(out var served, out _))
                {
                    (waiting[served], atWork[served]) = (waiting[served] - 1, atWork[served] + 1);
                    since.Remove(served);
                    foreach (var others in since.Values)
                        Assert.True((others[served] = others.GetValueOrDefault(served) + 1) <= 1, $"seed {seed}: {served} was served twice while another waited");
                }
                for (var one = 0; one < owners; one++)
                    if (waiting[one] > 0 && atWork[one] < 2)
                        since.TryAdd(one, []);
            }
        }
    }
}
