{{/* What the schema cannot say: combinations that would not do what was meant. Each refusal names the path. */}}
{{- define "brazier.guards" -}}
{{- $values := .Values -}}
{{- $hasWorkspace := ne $values.workspaceConfig.existingSecret.name "" -}}
{{- range $key := list "sources" "destinations" -}}
{{- if and (empty (index $values.config $key)) (not $hasWorkspace) -}}
{{- fail (printf "config.%s: found none, expected at least one (or workspaceConfig.existingSecret.name)" $key) -}}
{{- end -}}
{{- end -}}
{{- if eq (int $values.config.http.port) (int $values.config.admin.port) -}}
{{- fail "config.admin.port: found the port of config.http.port, expected another: the admin API is not for the public" -}}
{{- end -}}
{{- range $component := list "server" "ingest" "worker" -}}
{{- $section := index $values $component -}}
{{- if and $section.autoscaling.enabled $section.keda.enabled -}}
{{- fail (printf "%s.keda.enabled: found true beside %s.autoscaling.enabled, expected one of them: two autoscalers pull the pods to and fro" $component $component) -}}
{{- end -}}
{{- $grace := int $values.terminationGracePeriodSeconds -}}
{{- $needed := add (int (include "brazier.preStopSeconds" (dict "root" $ "component" $component))) 30 -}}
{{- if lt $grace (int $needed) -}}
{{- fail (printf "terminationGracePeriodSeconds: found %d, expected at least %d: %s.preStopSleepSeconds, 25 s to drain and 5 s to close" $grace $needed $component) -}}
{{- end -}}
{{- end -}}
{{- if eq $values.mode "embedded" }}{{ include "brazier.guardsOfEmbedded" . }}{{ end -}}
{{- if and $values.ingest.keda.enabled (empty $values.ingest.keda.triggers) -}}
{{- fail "ingest.keda.triggers: found none, expected at least one: ingest has no lag (ingest.autoscaling follows the CPU)" -}}
{{- end -}}
{{- if and $values.metrics.serviceMonitor.enabled $values.metrics.podMonitor.enabled -}}
{{- fail "metrics.podMonitor.enabled: found true beside metrics.serviceMonitor.enabled, expected one of them: both would count everything twice" -}}
{{- end -}}
{{- if and $values.ingress.enabled (empty $values.ingress.hosts) -}}
{{- fail "ingress.hosts: found none, expected at least one" -}}
{{- end -}}
{{- if and $values.httpRoute.enabled (empty $values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: found none, expected at least one Gateway" -}}
{{- end -}}
{{- end -}}

{{- define "brazier.guardsOfEmbedded" -}}
{{- $values := .Values -}}
{{- if ne (int $values.server.replicas) 1 -}}
{{- fail (printf "server.replicas: found %d, expected 1: one process opens the embedded log (mode: kafka has replicas)" (int $values.server.replicas)) -}}
{{- end -}}
{{- range $scaler := list "autoscaling" "keda" -}}
{{- if (index $values.server $scaler).enabled -}}
{{- fail (printf "server.%s.enabled: found true, expected false: one process opens the embedded log (mode: kafka has replicas)" $scaler) -}}
{{- end -}}
{{- end -}}
{{- if $values.config.subscriptions -}}
{{- fail "config.subscriptions: found some, expected none: they need mode: kafka" -}}
{{- end -}}
{{- if and $values.persistence.enabled (not $values.persistence.existingClaim) -}}
{{- $maxBytes := float64 (dig "maxBytes" 10737418240 ($values.config.log | default dict)) -}}
{{- $size := float64 (include "brazier.bytes" $values.persistence.size) -}}
{{- if and (gt $size 0.0) (gt $maxBytes (mulf $size 0.9)) -}}
{{- fail (printf "persistence.size: found %s, expected a tenth more than config.log.maxBytes (%.0f bytes) at least" $values.persistence.size $maxBytes) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A quantity of Kubernetes in bytes; 0 for one that this does not read. */}}
{{- define "brazier.bytes" -}}
{{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexReplaceAll "^[0-9.]+" . "" -}}
{{- if hasKey $factors $unit }}{{ mulf (float64 (trimSuffix $unit .)) (index $factors $unit) }}{{ else }}0{{ end -}}
{{- end -}}
