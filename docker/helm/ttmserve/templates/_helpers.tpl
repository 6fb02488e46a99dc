{{- define "ttmserve.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ttmserve.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "ttmserve.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "ttmserve.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of (list root component): what selects its pods, which never changes. */}}
{{- define "ttmserve.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "ttmserve.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "ttmserve.labels" -}}
{{- $root := index . 0 -}}
{{ include "ttmserve.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: ttmserve
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{/* Of (list root component). */}}
{{- define "ttmserve.image" -}}
{{- $root := index . 0 -}}
{{- $image := (index $root.Values (index . 1)).image -}}
{{- with $root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* What both kinds of pods have in common. Without service links: those of a Service that is
     called `ttm` would be taken for settings, and refused. */}}
{{- define "ttmserve.pod" -}}
{{- $root := index . 0 -}}
{{- $own := index $root.Values (index . 1) -}}
serviceAccountName: {{ include "ttmserve.fullname" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- if $root.Values.topologySpread.enabled }}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "ttmserve.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "ttmserve.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Settings of (list root component), which win over those of both. */}}
{{- define "ttmserve.settings" -}}
{{- $root := index . 0 -}}
{{- $own := index $root.Values (index . 1) -}}
- name: TTM_REDIS_URL_FILE
  value: /run/secrets/ttmserve/store/{{ $root.Values.store.secretKey }}
{{- range $name, $value := merge (dict) $own.settings $root.Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $secret := $root.Values.secretSettings }}
- name: {{ $name }}_FILE
  value: /run/secrets/ttmserve/{{ include "ttmserve.volumeName" $name }}/{{ $secret.secretKey }}
{{- end }}
{{- end -}}

{{/* Of a setting: TTM_OTLP_ENDPOINT becomes otlp-endpoint. */}}
{{- define "ttmserve.volumeName" -}}
{{- . | trimPrefix "TTM_" | lower | replace "_" "-" -}}
{{- end -}}

{{/* Volume of (list name secret), where `secret` is a reference in the values. */}}
{{- define "ttmserve.secretVolume" -}}
{{- $secret := index . 1 -}}
- name: {{ index . 0 }}
  secret:
    secretName: {{ $secret.secretName }}
    defaultMode: 0440
    items:
      - key: {{ $secret.secretKey }}
        path: {{ $secret.secretKey }}
{{- end -}}

{{- define "ttmserve.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: store
  mountPath: /run/secrets/ttmserve/store
  readOnly: true
{{- range $name, $secret := .Values.secretSettings }}
- name: {{ include "ttmserve.volumeName" $name }}
  mountPath: /run/secrets/ttmserve/{{ include "ttmserve.volumeName" $name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "ttmserve.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{ include "ttmserve.secretVolume" (list "store" .Values.store) }}
{{- range $name, $secret := .Values.secretSettings }}
{{ include "ttmserve.secretVolume" (list (include "ttmserve.volumeName" $name) $secret) }}
{{- end }}
{{- end -}}

{{/* What of a gateway is for people outside. */}}
{{- define "ttmserve.paths" -}}
- {path: /, type: Exact}
- {path: /v1, type: Prefix}
- {path: /docs, type: Prefix}
- {path: /openapi.json, type: Exact}
- {path: /asyncapi.yaml, type: Exact}
- {path: /index.html, type: Exact}
- {path: /app.js, type: Exact}
- {path: /favicon.ico, type: Exact}
- {path: /manifest.webmanifest, type: Exact}
- {path: /ui, type: Prefix}
- {path: /style, type: Prefix}
- {path: /sdk, type: Prefix}
- {path: /icons, type: Prefix}
- {path: /vendor, type: Prefix}
{{- end -}}
