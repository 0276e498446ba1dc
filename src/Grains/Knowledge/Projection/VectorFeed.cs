using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

// The first embedder's vectors answer from the first batch on, because words alone are all there would be otherwise. Another embedder's are made beside
// those that answer, and take their place once no passage is lacking: vectors of two embedders cannot be compared, so an answer uses one or the other.
//
// Whose fault a failure is decides what follows. A model that does not answer stops the projection, which says so and tries again, longer each time.
// A batch that the model refuses is taken again text by text; a text that it refuses as often as the options say, while it takes a harmless one in
// between, is that text's matter: it is put aside, kept as "cannot be embedded", and the rest goes on.

/// <summary>Gives every passage of the index a vector, batch by batch, oldest first.</summary>
internal sealed class VectorFeed(
    TenantId tenant, IIndexStore index, IVectorStore vectors, ITextEmbedder model, ProjectionOptions options, TimeProvider time, Func<ProjectionDeadLetter, Task> putAside) : IProjectionFeed
{
    private EmbedderId? embedder;
    private long oneByOneUntil;

    public string Name => Projections.Vectors;

    public IReadOnlyList<string> Followers => [];

    public async Task<IndexCursor> Cursor(CancellationToken cancellation) => Of(await vectors.State(tenant, cancellation));

    public async Task<long> Head(IndexCursor cursor, CancellationToken cancellation) => (await vectors.State(tenant, cancellation)).Chunks;

    // Another embedder's vectors are made beside these, so nothing is ever to be thrown away first.
    public bool IsOutdated(IndexCursor cursor) => false;

    public Task Restart(CancellationToken cancellation) =>
        throw new RefusedException(RefusalCode.Invalid, "Vectors are made again with the passages they belong to: rebuild the index.");

    public async Task<FeedStep> Step(IndexCursor cursor, CancellationToken cancellation)
    {
        var state = await vectors.State(tenant, cancellation);
        if (state.Chunks == 0)
            return new FeedStep(Of(state), false);
        embedder ??= await WhoEmbeds(cancellation);
        var lacking = await vectors.Lacking(tenant, embedder, options.EmbedTexts, cancellation);
        if (lacking.Count > 0 ? state.Answering is null : state.Answering != embedder || state.Vectors.Count > 1)
            await vectors.Answer(tenant, embedder, cancellation);
        foreach (var texts in lacking.Count > 0 && lacking[0].ChunkId <= oneByOneUntil ? lacking.Chunk(1) : [[.. lacking]])
            if (texts.Length > 0)
                await Embed(texts, cancellation);
        return new FeedStep(lacking.Count > 0 ? Of(await vectors.State(tenant, cancellation)) : Of(state), lacking.Count > 0);
    }

    /// <summary>Embeds a passage again. One that has left the index needs it no more.</summary>
    public async Task<string?> Redo(ProjectionDeadLetter letter, IndexCursor cursor, CancellationToken cancellation)
    {
        if ((await index.Chunks(tenant, [letter.Position], cancellation)).FirstOrDefault() is not { } found || found.Stream != letter.Stream || found.Key != letter.Key)
            return null;
        var made = await model.Embed([EmbeddedText.Of(new ChunkText(found.ChunkId, found.Title, found.Chunk.Section, found.Chunk.Text))], cancellation);
        EmbeddedText.Check(made, 1);
        await vectors.Keep(tenant, made.Embedder, [new ChunkVector(found.ChunkId, made.Vectors[0])], cancellation);
        return null;
    }

    private IndexCursor Of(VectorState state)
    {
        var who = embedder ?? state.Answering;
        return new IndexCursor(who is null ? 0 : state.Vectors.GetValueOrDefault(who), who?.Version ?? 0);
    }

    private async Task<EmbedderId> WhoEmbeds(CancellationToken cancellation) => (await model.Embed([EmbeddedText.Harmless], cancellation)).Embedder;

    private async Task Embed(IReadOnlyList<ChunkText> texts, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                var made = await model.Embed([.. texts.Select(EmbeddedText.Of)], cancellation);
                EmbeddedText.Check(made, texts.Count);
                embedder = made.Embedder;
                await vectors.Keep(tenant, made.Embedder, [.. texts.Zip(made.Vectors, (text, vector) => new ChunkVector(text.ChunkId, vector))], cancellation);
                return;
            }
            catch (Exception wrong) when (IsOfTexts(wrong) && texts.Count > 1)
            {
                // Text by text, to find whose fault it is.
                oneByOneUntil = texts[^1].ChunkId;
                foreach (var text in texts)
                    await Embed([text], cancellation);
                return;
            }
            catch (Exception wrong) when (IsOfTexts(wrong))
            {
                embedder = await WhoEmbeds(cancellation);
                if (attempt < options.Attempts)
                    continue;
                await GiveUp(texts[0], wrong, cancellation);
                return;
            }
    }

    private async Task GiveUp(ChunkText text, Exception wrong, CancellationToken cancellation)
    {
        var chunk = (await index.Chunks(tenant, [text.ChunkId], cancellation)).FirstOrDefault();
        if (chunk is not null)
            await putAside(new ProjectionDeadLetter(text.ChunkId, chunk.Stream, chunk.Key, $"Passage {chunk.Chunk.Ordinal + 1}: {wrong.GetType().Name}: {wrong.Message}", time.GetUtcNow()));
        await vectors.Keep(tenant, embedder!, [new ChunkVector(text.ChunkId, default)], cancellation);
    }

    private static bool IsOfTexts(Exception wrong) =>
        wrong is not (StorageException or OperationCanceledException or ObjectDisposedException or TimeoutException or RefusedException { Code: RefusalCode.Busy or RefusalCode.Unavailable });
}
