using System.Threading.Channels;

namespace Sophia.Bench;

/// <summary>The baseline: the least that an actor can be, a bounded channel and a loop, with none of a grain's promises.</summary>
internal sealed class ChannelActor
{
    private readonly Channel<(int Number, TaskCompletionSource<int> Answer)> _mailbox =
        Channel.CreateBounded<(int, TaskCompletionSource<int>)>(new BoundedChannelOptions(10_000) { SingleReader = true });

    public ChannelActor() => _ = Loop();

    public async Task<int> Ping(int number)
    {
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _mailbox.Writer.WriteAsync((number, answer));
        return await answer.Task;
    }

    private async Task Loop()
    {
        await foreach (var (number, answer) in _mailbox.Reader.ReadAllAsync())
            answer.SetResult(number);
    }
}
