namespace Sophia.Sqlite;

// Goal: one tenant's disk work never has all threads. Method: work that waits for a signal.
public sealed class StorageThreadsTests
{
    [Fact]
    public async Task Another_owners_work_is_done_while_the_first_ones_fills_every_thread_it_may_have_and_closing_leaves_nothing_undone()
    {
        using var released = new ManualResetEventSlim();
        var (done, atWork, most) = (0, 0, 0);
        using (var threads = new StorageThreads("test", 4))
        {
            try
            {
                for (var one = 0; one < 20; one++)
                    threads.Post("flood", () =>
                    {
                        InterlockedMax(ref most, Interlocked.Increment(ref atWork));
                        released.Wait();
                        Interlocked.Decrement(ref atWork);
                        Interlocked.Increment(ref done);
                    });
                for (var one = 0; one < 20; one++)
                {
                    var other = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    threads.Post("quiet", other.SetResult);
                    await other.Task;
                }
                Assert.Equal(0, done);
            }
            finally
            {
                released.Set(); // Whoever closes the threads waits for their work.
            }
        }
        Assert.Equal((20, 0), (done, atWork));
        Assert.True(most <= 2, $"{most} threads were one owner's");
    }

    [Fact]
    public void One_thread_serves_owners_in_turn()
    {
        using var begin = new ManualResetEventSlim();
        var served = new List<string>();
        using (var threads = new StorageThreads("test", 1))
        {
            threads.Post("flood", begin.Wait);
            for (var one = 0; one < 3; one++)
                threads.Post("flood", () => served.Add("flood"));
            threads.Post("quiet", () => served.Add("quiet"));
            begin.Set();
        }
        Assert.Equal(4, served.Count);
        Assert.True(served.IndexOf("quiet") <= 1, string.Join(", ", served));
    }

    private static void InterlockedMax(ref int most, int seen)
    {
        for (var known = Volatile.Read(ref most); seen > known && Interlocked.CompareExchange(ref most, seen, known) != known; known = Volatile.Read(ref most))
        {
            // Another one came in between.
        }
    }
}
