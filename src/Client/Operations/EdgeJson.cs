using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Queues;
using Sophia.Resilience;

namespace Sophia.Operations;

/// <summary>The JSON of the REST interface: camelCase names, enums as camelCase words, absent values left out.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TenantIdJson), typeof(EnumWords)])]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyList<PipelineView>))]
[JsonSerializable(typeof(IReadOnlyList<RunView>))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(ReplayPage))]
[JsonSerializable(typeof(StartRun))]
[JsonSerializable(typeof(IReadOnlyList<UnreadableView>))]
[JsonSerializable(typeof(IReadOnlyList<ConnectorLine>))]
[JsonSerializable(typeof(IReadOnlyList<RunStreamView>))]
[JsonSerializable(typeof(DeliveryResult))]
[JsonSerializable(typeof(PipelineStatus))]
[JsonSerializable(typeof(InboxFile))]
[JsonSerializable(typeof(WebhookSecret))]
[JsonSerializable(typeof(QuarantinePage))]
[JsonSerializable(typeof(IReadOnlyList<QuarantineOutcome>))]
[JsonSerializable(typeof(QuarantineIds))]
[JsonSerializable(typeof(QuarantineDiscard))]
[JsonSerializable(typeof(QuarantineBulk))]
[JsonSerializable(typeof(BulkOutcome))]
[JsonSerializable(typeof(QuarantineDecide))]
[JsonSerializable(typeof(BulkOrderView))]
[JsonSerializable(typeof(IReadOnlyList<BulkOrderView>))]
[JsonSerializable(typeof(NewItems))]
[JsonSerializable(typeof(IReadOnlyList<EnqueueAnswer>))]
[JsonSerializable(typeof(LeaseAsked))]
[JsonSerializable(typeof(IReadOnlyList<LeasedItem>))]
[JsonSerializable(typeof(LeasesHeld))]
[JsonSerializable(typeof(IReadOnlyList<bool>))]
[JsonSerializable(typeof(LeasesEnded))]
[JsonSerializable(typeof(IReadOnlyList<FinishAnswer>))]
[JsonSerializable(typeof(IReadOnlyList<QueueView>))]
[JsonSerializable(typeof(QueueHold))]
[JsonSerializable(typeof(QueueWeight))]
[JsonSerializable(typeof(IReadOnlyList<FairnessView>))]
[JsonSerializable(typeof(WorkPage))]
[JsonSerializable(typeof(WorkItem))]
[JsonSerializable(typeof(DeadIds))]
[JsonSerializable(typeof(IReadOnlyList<WorkChange>))]
[JsonSerializable(typeof(ReplayDead))]
[JsonSerializable(typeof(StopReplay))]
[JsonSerializable(typeof(DeadReplayView))]
[JsonSerializable(typeof(StreamProfile))]
[JsonSerializable(typeof(FindingsPage))]
[JsonSerializable(typeof(IReadOnlyList<Suggestion>))]
[JsonSerializable(typeof(SuggestionAccept))]
[JsonSerializable(typeof(SuggestionDismiss))]
[JsonSerializable(typeof(SuggestionOutcome))]
[JsonSerializable(typeof(IReadOnlyList<StreamView>))]
[JsonSerializable(typeof(IReadOnlyList<RecordView>))]
[JsonSerializable(typeof(RecordView))]
[JsonSerializable(typeof(RecordsPage))]
[JsonSerializable(typeof(RetentionView))]
[JsonSerializable(typeof(ErasureSelection))]
[JsonSerializable(typeof(ErasureView))]
[JsonSerializable(typeof(ErasuresView))]
[JsonSerializable(typeof(ApplyErasure))]
[JsonSerializable(typeof(AllowRecords))]
[JsonSerializable(typeof(AllowedRecords))]
[JsonSerializable(typeof(IReadOnlyList<BlockedRecord>))]
[JsonSerializable(typeof(WhyView))]
[JsonSerializable(typeof(IReadOnlyList<PoliciesView>))]
[JsonSerializable(typeof(PolicyView))]
[JsonSerializable(typeof(SearchQuery))]
[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(AskRequest))]
[JsonSerializable(typeof(AskReceipt))]
[JsonSerializable(typeof(IReadOnlyList<ChatView>))]
[JsonSerializable(typeof(ChatEvent))]
[JsonSerializable(typeof(ProjectionView))]
[JsonSerializable(typeof(TenantView))]
[JsonSerializable(typeof(NewTenant))]
[JsonSerializable(typeof(SuspendTenant))]
[JsonSerializable(typeof(DeleteTenant))]
[JsonSerializable(typeof(TenantEndView))]
[JsonSerializable(typeof(ExportManifest))]
[JsonSerializable(typeof(IReadOnlyList<TenantLine>))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(IssuedKey))]
[JsonSerializable(typeof(Caller))]
[JsonSerializable(typeof(SignInLink))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(LiveView))]
[JsonSerializable(typeof(SilosView))]
[JsonSerializable(typeof(BreakerView))]
[JsonSerializable(typeof(IReadOnlyList<BreakerView>))]
[JsonSerializable(typeof(BreakerWord))]
[JsonSerializable(typeof(LimitsStatus))]
[JsonSerializable(typeof(LimitLine))]
[JsonSerializable(typeof(SetLimit))]
[JsonSerializable(typeof(LimitWord))]
[JsonSerializable(typeof(ReleaseLimited))]
[JsonSerializable(typeof(TestLimits))]
[JsonSerializable(typeof(LimitDecision))]
[JsonSerializable(typeof(WorkKept))]
[JsonSerializable(typeof(ReleaseWork))]
[JsonSerializable(typeof(CompleteWork))]
[JsonSerializable(typeof(HoldWork))]
[JsonSerializable(typeof(WorkClaimed))]
[JsonSerializable(typeof(ClaimWork))]
[JsonSerializable(typeof(BreakerReported))]
[JsonSerializable(typeof(ReportCall))]
[JsonSerializable(typeof(BreakerAnswer))]
[JsonSerializable(typeof(TakeLimits))]
[JsonSerializable(typeof(LimitBookView))]
[JsonSerializable(typeof(IdempotencyTerms))]
[JsonSerializable(typeof(ReleaseKey))]
[JsonSerializable(typeof(IReadOnlyList<IdempotencyLine>))]
[JsonSerializable(typeof(IdempotencyView))]
[JsonSerializable(typeof(DegradationStatus))]
[JsonSerializable(typeof(HoldLevel))]
[JsonSerializable(typeof(ReleaseLevel))]
[JsonSerializable(typeof(DomainsView))]
[JsonSerializable(typeof(TroublesView))]
[JsonSerializable(typeof(DomainImpact))]
[JsonSerializable(typeof(ContainmentView))]
[JsonSerializable(typeof(ContainmentWord))]
[JsonSerializable(typeof(NewContainment))]
public sealed partial class EdgeJson : JsonSerializerContext
{
    /// <summary>Gives the options of endpoints this shape. Quotes and letters stay readable: nothing is ever served as HTML.</summary>
    internal static void Shape(JsonSerializerOptions options)
    {
        options.Converters.Add(new TenantIdJson());
        options.Converters.Add(new EnumWords());
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.TypeInfoResolverChain.Insert(0, Default);
    }

    /// <summary>For answers that are written outside an endpoint.</summary>
    internal static EdgeJson Readable => field ??= new(new JsonSerializerOptions(Default.Options!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

internal sealed class TenantIdJson : JsonConverter<TenantId>
{
    public override TenantId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TenantId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("A tenant's name is 1 to 63 of a-z, 0-9 and '-'.");

    public override void Write(Utf8JsonWriter writer, TenantId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
