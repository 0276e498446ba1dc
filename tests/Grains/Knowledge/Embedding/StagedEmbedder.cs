using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace Sophia.Knowledge;

/// <summary>An embedder whose requests a test sees and answers; a text's vector tells which text it was.</summary>
internal sealed class StagedEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly Channel<Request> requests = Channel.CreateUnbounded<Request>();

    /// <summary>What answers at once; null: the test does.</summary>
    public Func<IReadOnlyList<string>, GeneratedEmbeddings<Embedding<float>>>? Answer { get; init; }

    public int Requests { get; private set; }

    public async Task<Request> Next() => await requests.Reader.ReadAsync();

    public bool IsAsked => requests.Reader.TryPeek(out _);

    public static float[] VectorOf(string text)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return [.. Enumerable.Range(0, 4).Select(i => (float)BinaryPrimitives.ReadUInt16LittleEndian(hash.AsSpan(i * 2)))];
    }

    public static GeneratedEmbeddings<Embedding<float>> All(IReadOnlyList<string> texts) => [.. texts.Select(text => new Embedding<float>(VectorOf(text)))];

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = new Request([.. values]);
        Requests++;
        if (Answer is not null)
            return Answer(request.Texts);
        requests.Writer.TryWrite(request);
        return await request.Answer.Task.WaitAsync(cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("test", defaultModelId: "staged") : null;

    public void Dispose()
    {
    }

    internal sealed record Request(IReadOnlyList<string> Texts)
    {
        public TaskCompletionSource<GeneratedEmbeddings<Embedding<float>>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Succeed() => Answer.SetResult(All(Texts));
    }
}
