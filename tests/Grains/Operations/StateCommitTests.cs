using Orleans.Runtime;

namespace Sophia.Operations;

/// <summary>Goal: what a grain was told to be kept is kept, also where another commit was on its way and failed. Method: a state whose writes are held and then fail or succeed, one at a time as the runtime does them.</summary>
public sealed class StateCommitTests
{
    private readonly HeldState state = new("0");
    private int failures;

    [Fact]
    public async Task A_commit_that_fails_puts_the_old_state_back_and_tells_it()
    {
        var commit = state.CommitAsync("1", Failed);
        state.Next(new IOException("no disk"));
        await Assert.ThrowsAsync<IOException>(() => commit);
        Assert.Equal(("0", 1), (state.State, failures));
    }

    [Fact]
    public async Task A_commit_behind_one_that_fails_writes_what_it_was_given()
    {
        var first = state.CommitAsync("1", Failed);
        var second = state.CommitAsync("12", Failed);
        state.Next(new IOException("no disk"));
        await Assert.ThrowsAsync<IOException>(() => first);
        state.Next(null);
        await second;
        Assert.Equal(("12", "12", 1), (state.State, state.Written, failures));
    }

    private void Failed() => failures++;

    private sealed class HeldState(string state) : IPersistentState<string>
    {
        private readonly List<TaskCompletionSource<Exception?>> ends = [];
        private Task last = Task.CompletedTask;
        private int told;

        public string State { get; set; } = state;

        public string? Written { get; private set; }

        public string? Etag => null;

        public bool RecordExists => true;

        public void Next(Exception? failure) => ends[told++].SetResult(failure);

        public Task WriteStateAsync()
        {
            var end = new TaskCompletionSource<Exception?>();
            ends.Add(end);
            return last = Write(last, end);
        }

        public Task ClearStateAsync() => throw new NotSupportedException();

        public Task ReadStateAsync() => throw new NotSupportedException();

        private async Task Write(Task before, TaskCompletionSource<Exception?> end)
        {
            await before.ContinueWith(static _ => { }, TaskScheduler.Default);
            if (await end.Task is { } failure)
                throw failure;
            Written = State;
        }
    }
}
